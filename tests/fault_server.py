"""OpenAI-compatible chat server on 127.0.0.1 with faults on demand, for tests. Real HTTP/1.1 with keep-alive.

    with FaultServer(script=["429-retry-after", None, "drop"]) as server:  # None: a good answer
        engine = ChatOpenAI("m", base_url=server.url)
        ...
        assert len(server.requests) == 3

Faults are names in `FAULTS`, or any `Fault`. Each chat request takes the next item of `script`. After the end of the
script, `policy` decides; if it returns None, a share `rate` of the requests gets one of `faults` at random.
"""

import contextlib
import json
import random
import socket
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from fault_kinds import FAULTS, Fault, completion, content_of, echo, error

__all__ = ["FAULTS", "Fault", "FaultServer", "Seen", "completion", "content_of", "echo", "error"]
Reply = Callable[[dict], str | None]
Policy = Callable[[dict, int], "str | Fault | None"]


@dataclass(frozen=True)
class Seen:
    """A chat request that has arrived.

    Attributes:
        json: its body.
        headers: their names are in lower case.
        time: seconds, on `time.monotonic()`.
        fault: sent in place of a good answer, or None.
        connection: number of its TCP connection: 1, 2, ...
    """

    json: dict
    headers: dict[str, str]
    time: float
    fault: "str | Fault | None"
    connection: int


class FaultServer:
    """The server; see the module. It also answers `GET /v1/models`.

    Args:
        reply: returns the text for a request; None: the text of `echo`.
        latency: seconds before each chat answer.
        script, policy, faults, rate, seed: see the module; `faults` are names in `FAULTS`.
        hang, refuse: duration of these faults, in seconds.
        models: names that /v1/models lists.

    Attributes:
        url: base URL for clients, ending in /v1.
        requests: chat requests in the order of arrival.
        peak_in_flight: largest number of simultaneous chat requests.
        connections: number of TCP connections so far.
    """

    def __init__(
        self,
        reply: Reply | None = None,
        *,
        latency: float = 0.0,
        script: Iterable = (),
        policy: Policy | None = None,
        faults: Iterable[str] = (),
        rate: float = 0.0,
        seed: int = 0,
        hang: float = 30.0,
        refuse: float = 0.5,
        models: Iterable[str] = ("test-model",),
    ):
        self.reply, self.latency, self.policy = reply or echo, latency, policy
        self.script, self.faults, self.rate = list(script), list(faults), rate
        self.hang, self.refuse, self.models = hang, refuse, list(models)
        self.requests: list[Seen] = []
        self.peak_in_flight = self.connections = self._in_flight = 0
        self._random = random.Random(seed)
        self._lock = threading.Lock()
        self._sockets: set[socket.socket] = set()
        self._ended = threading.Event()
        self._listen(("127.0.0.1", 0))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._address[1]}/v1"

    def __enter__(self) -> "FaultServer":
        return self

    def __exit__(self, *error) -> None:
        self._ended.set()
        self._hang_up()

    def _listen(self, address: tuple[str, int]) -> None:
        self._http = _Listener(address, type("Handler", (_Handler,), {"faulty": self}))
        self._address = self._http.server_address
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()

    def _hang_up(self) -> None:
        """Stop listening and close all connections."""
        self._http.shutdown()
        self._http.server_close()
        with self._lock:
            for connection in self._sockets:
                _close(connection)

    def stop_listening(self, seconds: float) -> None:
        """Refuse connections for a while, in the background."""

        def refuse():
            self._hang_up()
            if not self._ended.wait(seconds):
                self._listen(self._address)

        threading.Thread(target=refuse, daemon=True).start()

    def register_request(self, request: dict, headers: dict, connection: int) -> "str | Fault | None":
        """Count a chat request. Return its fault, or None for a good answer."""
        with self._lock:
            fault = self.script.pop(0) if self.script else self._by_policy(request)
            self.requests.append(Seen(request, headers, time.monotonic(), fault, connection))
            self._in_flight += 1
            self.peak_in_flight = max(self.peak_in_flight, self._in_flight)
        return fault

    def _by_policy(self, request: dict) -> "str | Fault | None":
        fault = self.policy(request, len(self.requests)) if self.policy else None
        if fault is None and self.faults and self._random.random() < self.rate:
            fault = self._random.choice(self.faults)
        return fault

    def page(self, path: str) -> Fault:
        """Return the answer to a GET request."""
        if not path.rstrip("/").endswith("/models"):
            return Fault(404, error(f"no {path} here"))
        listed = [{"id": name, "object": "model", "owned_by": "test"} for name in self.models]
        return Fault(200, {"object": "list", "data": listed})

    def finish_request(self) -> None:
        """Count a chat request as answered."""
        with self._lock:
            self._in_flight -= 1

    def register_connection(self, connection: socket.socket) -> int:
        """Count a TCP connection and return its number."""
        with self._lock:
            self._sockets.add(connection)
            self.connections += 1
            return self.connections

    def forget_connection(self, connection: socket.socket) -> None:
        """Remove a closed TCP connection."""
        with self._lock:
            self._sockets.discard(connection)

    def wait(self, seconds: float) -> bool:
        """Wait, at most until the server ends. Return True if it has ended."""
        return self._ended.wait(seconds)


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 512

    def handle_error(self, request, client_address):
        pass  # clients may hang up


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # send head and body in one packet
    faulty: FaultServer

    def setup(self):
        super().setup()
        self.number = self.faulty.register_connection(self.connection)

    def finish(self):
        self.faulty.forget_connection(self.connection)
        super().finish()

    def log_message(self, *args):
        pass

    def do_GET(self):
        self._send(self.faulty.page(self.path))

    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if not self.path.partition("?")[0].endswith("/chat/completions"):
            self._send(Fault(404, error(f"no {self.path} here")))
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        fault = self.faulty.register_request(request, {**headers, ":path": self.path}, self.number)
        try:
            if self.faulty.latency:
                self.faulty.wait(self.faulty.latency)
            self._answer(request, headers, fault)
        finally:
            self.faulty.finish_request()

    def _answer(self, request: dict, headers: dict, fault: "str | Fault | None") -> None:
        if fault is None:
            text = self.faulty.reply(request)
            self._send(Fault(200, completion(request, echo(request) if text is None else text)))
        elif isinstance(fault, Fault):
            self._send(fault)
        elif FAULTS[fault] is not None:
            self._send(FAULTS[fault](request, headers))
        else:
            self._break_connection(request, fault)

    def _break_connection(self, request: dict, fault: str) -> None:
        if fault == "drop":
            self._send(Fault(200, completion(request, echo(request))), cut=True)
        elif fault == "hang":
            self.faulty.wait(self.faulty.hang)
        elif fault == "drip":
            self._drip(json.dumps(completion(request, echo(request) + " and so on" * 9999)).encode())
        elif fault == "refuse":
            self.faulty.stop_listening(self.faulty.refuse)
        self.wfile.flush()
        _close(self.connection)
        self.close_connection = True

    def _drip(self, body: bytes) -> None:
        """Send a byte now and then: no pause is long, but the answer never ends."""
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        for position in range(len(body)):
            self.wfile.write(body[position : position + 1])
            self.wfile.flush()
            if self.faulty.wait(0.05):
                return

    def _send(self, answer: Fault, cut: bool = False) -> None:
        is_text = isinstance(answer.body, str)
        body = (answer.body if is_text else json.dumps(answer.body)).encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", "text/html" if is_text else "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if cut else body)


def _close(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):  # the client may have closed it first
        connection.shutdown(socket.SHUT_RDWR)
