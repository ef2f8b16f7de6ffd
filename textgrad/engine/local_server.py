"""The server process of `local`: serves a GGUF file until its standard input is closed.

Standard input is a pipe from the parent process, which never writes to it. The pipe is closed when the parent ends,
even by SIGKILL. llama.cpp runs in a separate process because its threads crash a Python interpreter that exits while
they are computing.
"""

import json
import os
import sys


def main() -> None:
    """Start the server with the JSON options in argv[1]. Print {"url": ...} or {"error": ...} as one line of JSON."""
    options = json.loads(sys.argv[1])
    try:
        server = start(**options)
        answer = {"url": server.listening_address + "/v1"}
    except ImportError as error:  # the wheel needs the system's OpenMP library
        answer = {"error": f"{error}; on Debian and Ubuntu: apt install libgomp1"}
    except RuntimeError as error:
        answer = {"error": str(error)}
    print(json.dumps(answer), flush=True)
    sys.stdin.read()
    os._exit(0)  # without waiting for replies in progress


def start(path: str, context: int, slots: int, threads: int, port: int = 0):
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
