"""An OpenAI-compatible chat server on 127.0.0.1 that misbehaves on order. Real HTTP/1.1 with keep-alive, for tests.

    with FaultServer(script=["429-retry-after", None, "drop"]) as server:   # None: a good answer
        engine = ChatOpenAI("m", base_url=server.url)
        ...
        assert len(server.requests) == 3

`FAULTS` names what it can do; a `Fault` of one's own does any other thing. Each chat request takes the next item of
`script`; after its end `policy` decides; where that says nothing, `rate` of the requests get one of `faults` at random.
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
    """A chat request that arrived.

    Attributes:
        json: its body.
        headers: with names in lower case.
        time: seconds, on `time.monotonic()`.
        fault: what it got in place of a good answer, or None.
        connection: number of the TCP connection it came over, from 1.
    """

    json: dict
    headers: dict[str, str]
    time: float
    fault: "str | Fault | None"
    connection: int


class FaultServer:
    """See the module's text. Also `GET /v1/models`.

    Args:
        reply: text for a request; `echo` where it returns None.
        latency: seconds before each chat answer.
        script, policy, faults, rate, seed: see the module's text; faults are names of `FAULTS`.
        hang, refuse: seconds.
        models: what /v1/models lists.

    Attributes:
        url: base URL for clients, ending in /v1.
        requests: chat requests in the order of arrival.
        peak_in_flight: the most chat requests that were there at once.
        connections: how many TCP connections were opened.
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
        """Stops listening and ends every connection."""
        self._http.shutdown()
        self._http.server_close()
        with self._lock:
            for connection in self._sockets:
                _end(connection)

    def stop_listening(self, seconds: float) -> None:
        """Refuses connections for a while; returns at once."""

        def away():
            self._hang_up()
            if not self._ended.wait(seconds):
                self._listen(self._address)

        threading.Thread(target=away, daemon=True).start()

    def arrived(self, request: dict, headers: dict, connection: int) -> "str | Fault | None":
        """Notes a chat request and decides what it gets."""
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
        """What a GET gets."""
        if not path.rstrip("/").endswith("/models"):
            return Fault(404, error(f"no {path} here"))
        listed = [{"id": name, "object": "model", "owned_by": "test"} for name in self.models]
        return Fault(200, {"object": "list", "data": listed})

    def left(self) -> None:
        """Notes that a chat request was dealt with."""
        with self._lock:
            self._in_flight -= 1

    def connected(self, connection: socket.socket) -> int:
        """Notes a TCP connection and numbers it."""
        with self._lock:
            self._sockets.add(connection)
            self.connections += 1
            return self.connections

    def disconnected(self, connection: socket.socket) -> None:
        """Forgets a TCP connection."""
        with self._lock:
            self._sockets.discard(connection)

    def wait(self, seconds: float) -> bool:
        """Waits, but no longer than the server lives; True when it has ended."""
        return self._ended.wait(seconds)


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 512

    def handle_error(self, request, client_address):
        pass  # clients that hang up are part of the game


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body leave in one packet
    faulty: FaultServer

    def setup(self):
        super().setup()
        self.number = self.faulty.connected(self.connection)

    def finish(self):
        self.faulty.disconnected(self.connection)
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
        sent = {name.lower(): value for name, value in self.headers.items()}
        fault = self.faulty.arrived(request, {**sent, ":path": self.path}, self.number)
        try:
            if self.faulty.latency:
                self.faulty.wait(self.faulty.latency)
            self._answer(request, sent, fault)
        finally:
            self.faulty.left()

    def _answer(self, request: dict, sent: dict, fault: "str | Fault | None") -> None:
        if fault is None:
            text = self.faulty.reply(request)
            self._send(Fault(200, completion(request, echo(request) if text is None else text)))
        elif isinstance(fault, Fault):
            self._send(fault)
        elif FAULTS[fault] is not None:
            self._send(FAULTS[fault](request, sent))
        else:
            self._break(request, fault)

    def _break(self, request: dict, fault: str) -> None:
        if fault == "drop":
            self._send(Fault(200, completion(request, echo(request))), cut=True)
        elif fault == "hang":
            self.faulty.wait(self.faulty.hang)
        elif fault == "drip":
            self._drip(json.dumps(completion(request, echo(request) + " and so on" * 9999)).encode())
        elif fault == "refuse":
            self.faulty.stop_listening(self.faulty.refuse)
        self.wfile.flush()
        _end(self.connection)
        self.close_connection = True

    def _drip(self, body: bytes) -> None:
        """A byte now and then, so that no pause is long and the whole never ends."""
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


def _end(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):  # the client may have closed first
        connection.shutdown(socket.SHUT_RDWR)
