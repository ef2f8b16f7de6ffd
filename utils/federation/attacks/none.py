"""none: every client is honest."""
