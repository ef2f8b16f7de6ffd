"""TextGrad's experimental engines: engines with an optional cache, `cache=` True, False or a diskcache object."""
