"""Child process that runs a model's code and its tests; see code_tests.py. Run as a script.

It reads one JSON object with "code", "tests" and limits. It writes one line per test: its failure as a JSON text, which
is empty if the test passed.
"""

import ast
import json
import os
import sys
import types

_REFUSED = ("socket.", "subprocess.", "os.fork", "os.exec", "os.posix_spawn", "os.spawn", "os.system", "os.kill")
_CHANGING = ("os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.truncate", "os.ch", "os.link", "os.sym", "shutil.rm")
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_LONGEST = 200  # characters of a test in a failure


def main():
    """Run the code and the tests. The code has neither standard input nor output."""
    job = json.load(sys.stdin)
    report = os.fdopen(os.dup(1), "w")
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3):
        os.dup2(nothing, descriptor)
    tests = ast.parse(job["tests"]).body
    _set_limits(job)
    sys.addaudithook(_refuse)
    module = types.ModuleType("solution")  # not "__main__", whose examples would run
    sys.modules["solution"] = module  # dataclasses look it up
    broken = _failure(job["code"], module.__dict__)
    for statement in tests:
        failure = broken or _failure(ast.Module([statement], []), module.__dict__)
        if isinstance(statement, ast.Assert | ast.Expr):
            what = "the code" if broken else ast.unparse(statement)[:_LONGEST]
            report.write(json.dumps(failure and f"{what} fails: {failure}") + "\n")
            report.flush()
    os._exit(0)  # even if the code has left threads behind


def _failure(code, namespace):
    """Return the exception of some code in one line, or ""."""
    try:
        exec(compile(code, "<code>", "exec"), namespace)
    except BaseException as error:
        return " ".join(f"{type(error).__name__}: {error}".split())[:_LONGEST].removesuffix(":")
    return ""


def _set_limits(job):
    try:
        import resource
    except ImportError:  # Windows
        return
    limits = {"RLIMIT_CPU": job["cpu"], "RLIMIT_AS": job["memory"], "RLIMIT_FSIZE": job["file_size"], "RLIMIT_CORE": 0}
    for name, limit in limits.items():
        try:
            resource.setrlimit(getattr(resource, name), (limit, limit))
        except (AttributeError, OSError, ValueError):  # not every system has every limit
            continue


def _refuse(event, arguments, folder=os.path.realpath(os.getcwd())):
    """Raise an error for network, other processes and changes outside the temporary folder."""
    if event.startswith(_REFUSED) or not all(_is_inside(path, folder) for path in _changed(event, arguments)):
        raise PermissionError(f"{event} is not allowed")


def _changed(event, arguments):
    """Return the paths of files that an event changes."""
    if event == "open":
        arguments = arguments[:1] if (arguments[2] or 0) & _WRITING else ()
    elif not event.startswith(_CHANGING):
        arguments = ()
    paths = [os.fsdecode(path) for path in arguments if isinstance(path, str | bytes)]
    last = arguments[-1] if arguments else None
    if isinstance(last, int) and last >= 0 and event != "os.truncate":  # the descriptor of a folder
        return [os.path.join(f"/proc/self/fd/{last}", path) for path in paths]
    return paths


def _is_inside(path, folder):
    path = os.path.realpath(path)
    return path in (os.devnull, folder) or path.startswith(folder + os.sep)


if __name__ == "__main__":
    main()
