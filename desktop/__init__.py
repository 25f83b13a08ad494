"""GridLink's window: shows what core returns, holds no SQL and no business rule."""

from desktop.immortal import keep_none_alive

keep_none_alive()  # before the first Qt call, whichever module makes it
