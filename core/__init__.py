"""GridLink's domain: everything the client does, without a window."""
