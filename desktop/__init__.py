"""GridLink's window: shows what core returns, holds no SQL and no business rule."""
