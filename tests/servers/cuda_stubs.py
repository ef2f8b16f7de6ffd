"""Stubs of CUDA-only packages, so that SGLang can be imported and serve on a CPU.

`scripts/lib/test_servers.sh` copies this file into SGLang's environment as sitecustomize.py.
Names imported from a stub exist but cannot be called. A real package of the same name takes precedence.
"""

import importlib.abc
import importlib.machinery
import sys
import types

_PACKAGES = {"sgl_kernel", "torchvision"}


class _Stub:
    """Any attribute of a missing package: it can be imported and used as a decorator, but not called."""

    def __init__(self, name: str):
        self.name = name

    def __getattr__(self, name: str):
        return _attribute(self.name, name)

    def __call__(self, *args, **kwargs):
        raise NotImplementedError(f"{self.name} requires CUDA")


class _Module(types.ModuleType):
    def __getattr__(self, name: str):
        return _attribute(self.__name__, name)


def _attribute(owner: str, name: str) -> _Stub:
    if name.startswith("__"):
        raise AttributeError(f"{owner} has no attribute {name}")
    return _Stub(f"{owner}.{name}")


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Provide stubs for `import`, but not for `importlib.util.find_spec`, which checks if a package is installed."""

    def find_spec(self, fullname, path, target=None):
        if fullname.partition(".")[0] not in _PACKAGES or _called_by_importlib_util():
            return None
        return importlib.machinery.ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec):
        return _Module(spec.name)

    def exec_module(self, module):
        pass


def _called_by_importlib_util() -> bool:
    frame = sys._getframe()
    while frame is not None:
        if frame.f_globals.get("__name__") == "importlib.util":
            return True
        frame = frame.f_back
    return False


sys.meta_path.append(_Finder())
