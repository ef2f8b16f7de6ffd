"""Stubs of CUDA-only packages, so that SGLang can be imported and serve on a CPU.

`scripts/lib/test_servers.sh` copies this file into SGLang's environment as sitecustomize.py.
Names imported from a stub exist but cannot be called. A real package of the same name takes precedence.
"""

import importlib.abc
import importlib.machinery
import sys
import types

_PACKAGES = {"sgl_kernel", "torchvision"}


class _Absent:
    """Any attribute of a missing package: it can be imported and used as a decorator, but not called."""

    def __init__(self, name: str):
        self.name = name

    def __getattr__(self, name: str):
        return _part(self.name, name)

    def __call__(self, *args, **kwargs):
        raise NotImplementedError(f"{self.name} exists with CUDA only")


class _Module(types.ModuleType):
    def __getattr__(self, name: str):
        return _part(self.__name__, name)


def _part(whole: str, name: str) -> _Absent:
    if name.startswith("__"):
        raise AttributeError(f"{whole} has no {name}")
    return _Absent(f"{whole}.{name}")


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Provide stubs for `import`, but not for `importlib.util.find_spec`, which checks if a package is installed."""

    def find_spec(self, fullname, path, target=None):
        if fullname.partition(".")[0] not in _PACKAGES or _is_only_asked():
            return None
        return importlib.machinery.ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec):
        return _Module(spec.name)

    def exec_module(self, module):
        pass


def _is_only_asked() -> bool:
    frame = sys._getframe()
    while frame is not None:
        if frame.f_globals.get("__name__") == "importlib.util":
            return True
        frame = frame.f_back
    return False


sys.meta_path.append(_Finder())
