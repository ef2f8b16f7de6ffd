"""The other half of `local`, run as a program of its own: serves a GGUF file until its standard input ends.

Its input is a pipe that nobody writes to. It ends when the program that holds the other end does, even by SIGKILL. A
process apart, because llama.cpp's threads crash a Python that ends while they are at work.
"""

import json
import os
import sys


def main() -> None:
    """Takes the options as JSON in the first argument; prints {"url": ...} or {"error": ...} as one line of JSON."""
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
    os._exit(0)  # at once, whatever is being generated


def start(path: str, context: int, slots: int, threads: int, port: int = 0):
    """A server that answers on 127.0.0.1.

    Args:
        path: of the model.
        context: tokens a slot.
        slots: requests at once.
        threads: of the computation.
        port: 0 lets the system choose one.
    """
    import xllamacpp

    options = xllamacpp.CommonParams()
    options.model.path = path
    options.port = port
    options.n_parallel = slots
    options.n_ctx = context * slots  # the total over all slots
    options.cpuparams.n_threads = options.cpuparams_batch.n_threads = threads
    options.n_threads_http = slots + 2
    options.cache_ram_mib = 0  # else prompts of past requests may grow to 8 GiB
    options.verbosity = -1
    options.ui = False
    return xllamacpp.Server(options)  # returns when the model is loaded and the port answers


if __name__ == "__main__":
    main()
