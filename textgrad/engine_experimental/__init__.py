"""TextGrad's experimental engines: the same models, with `cache=` of True, False or a diskcache object."""
