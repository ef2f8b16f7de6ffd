"""The call browser: every step, merge, evaluation and call of a run, as a page that works offline or from a server."""
