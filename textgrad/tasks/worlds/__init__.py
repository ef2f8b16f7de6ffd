"""The worlds of `textgrad.tasks.rules`: a file per world, which defines `WORLD`."""
