"""GridLink's window: shows what core returns, holds no SQL and no business rule."""

from desktop.immortal import keep_constants_alive

keep_constants_alive()  # before the first Qt call, whichever module makes it
