"""The figures and tables of the paper: one file each, which declares `STUDY`."""
