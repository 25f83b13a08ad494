"""Figures with definitions: what is counted, over what, how, and as of when."""
