"""The server process of `local`: serves a GGUF file until its standard input is closed.

Standard input is a pipe from the parent process, which never writes to it. The pipe is closed when the parent ends,
even by SIGKILL. The model runs in a separate process because its threads crash a Python interpreter that exits while
they are computing.
"""

import json
import os
import re
import sys
from pathlib import Path
from typing import Any

from textgrad.engine import local_openvino
from textgrad.engine.local_conversion import convert, converted_path

# OpenVINO reads these without loss. It cannot read some others, such as Q5_0, and rounds the minima of Q4_1. The name
# of the file tells, since reading the types of its tensors takes seconds.
_READ_EXACTLY = re.compile(r"(?i)(?<![a-z0-9])(Q8_0|F16|F32)(?![a-z0-9_])")
_running: list[Any] = []  # llama.cpp ends when its server object is deleted


def main() -> None:
    """Start the server with the JSON options in argv[1].

    Print one JSON object per line: {"note": ...} for the user any number of times, then {"url": ...} or {"error": ...}.
    """
    options = json.loads(sys.argv[1])
    try:
        tell({"url": serve(**options)})
    except Exception as error:  # of a library, about the file or its installation
        hint = "; on Debian and Ubuntu: apt install libgomp1" if "libgomp" in str(error) else ""
        tell({"error": " ".join(f"{str(error) or type(error).__name__}{hint}".split())})
    sys.stdin.read()
    os._exit(0)  # without waiting for replies in progress


def tell(message: dict[str, str]) -> None:
    """Print one line of JSON for the parent process."""
    print(json.dumps(message), flush=True)


def serve(runtime: str, path: str, cache: str, **settings: Any) -> str:
    """Return the base URL of a running server.

    Args:
        runtime: "openvino" or "llamacpp".
        path: GGUF file.
        cache: folder for converted models.
        **settings: context, slots, threads and port; see `start_llama_cpp`.

    Raises:
        ImportError, RuntimeError, OSError: the runtime cannot serve the file.
    """
    if runtime != "llamacpp":
        return start_openvino(path, cache, settings)
    server = start_llama_cpp(path, **settings)
    _running.append(server)
    return server.listening_address + "/v1"


def start_openvino(path: str, cache: str, settings: dict[str, Any]) -> str:
    """Return the base URL of an OpenVINO server. Convert the file first, once, if OpenVINO does not read it exactly."""
    model = Path(path)
    if not _READ_EXACTLY.search(model.name):
        converted = converted_path(model, Path(cache))
        if not converted.exists():
            tell({"note": f"converting it to Q8_0 for OpenVINO, once: {converted}"})
            convert(model, converted)
        model = converted
    return local_openvino.start(str(model), **settings)


def start_llama_cpp(path: str, context: int, slots: int, threads: int, port: int = 0):
    """Return a running server on 127.0.0.1.

    Args:
        path: GGUF file.
        context: context length per slot, in tokens.
        slots: number of requests processed in parallel.
        threads: number of compute threads.
        port: TCP port; 0 for any free port.
    """
    import xllamacpp

    options = xllamacpp.CommonParams()
    options.model.path = path
    options.port = port
    options.n_parallel = slots
    options.n_ctx = context * slots  # total over all slots
    options.cpuparams.n_threads = options.cpuparams_batch.n_threads = threads
    options.n_threads_http = slots + 2
    options.cache_ram_mib = 0  # by default, the cache of past prompts grows to 8 GiB
    options.verbosity = -1
    options.ui = False
    return xllamacpp.Server(options)  # returns after the model is loaded and the port is open


if __name__ == "__main__":
    main()
