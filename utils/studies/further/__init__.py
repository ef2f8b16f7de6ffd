"""Studies beyond the paper: one file each, which declares `STUDY`."""
