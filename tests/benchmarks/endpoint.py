"""A chat server for benchmarks, in its own process, with a known latency, capacity and rate limit.

    with Endpoint(latency=0.2, capacity=16) as endpoint:
        ...                                   # send requests to endpoint.url
        usage = endpoint.usage()

A request waits for one of `capacity` slots, occupies it for `latency` seconds, and is answered. Replies are valid for
every role of a run and differ between requests, so that no two clients write the same prompt. The server needs about a
tenth of the client's processor time per request.
"""

import asyncio
import contextlib
import dataclasses
import json
import socket
import subprocess
import sys
import time
import urllib.request
from collections import deque
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Self

_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
_TOO_MANY_REQUESTS = (
    b"HTTP/1.1 429 Too Many Requests\r\nContent-Type: application/json\r\nRetry-After: %d\r\n"
    b"X-RateLimit-Limit-Requests: %d\r\nContent-Length: %d\r\n\r\n"
)


@dataclass
class Usage:
    """Usage of an endpoint; times in seconds on its own clock.

    Attributes:
        answered, refused: numbers of requests.
        first, last: times of the first request and of the last answer.
        busy: working time, summed over slots.
        peak: maximum number of requests waiting or in progress.
        answers: times of the answers since the first request, ascending.
        refusals: times of the refusals since the first request, ascending.
        cpu: processor time of the endpoint.
    """

    answered: int = 0
    refused: int = 0
    first: float = 0.0
    last: float = 0.0
    busy: float = 0.0
    peak: int = 0
    answers: list[float] = field(default_factory=list)
    refusals: list[float] = field(default_factory=list)
    cpu: float = 0.0

    def busy_share(self, count: int, slots: int, latency: float) -> float:
        """Return the share of the capacity in use from the first request to answer number `count`, in [0, 1]."""
        end = self.answers[count - 1]
        busy = sum(max(0.0, min(answer, end) - (answer - latency)) for answer in self.answers)
        return busy / (slots * end)


class Endpoint:
    """The server, as a context manager.

    Args:
        latency: seconds per answer.
        capacity: maximum number of requests in progress; 0: unlimited.
        per_minute: accepted requests per minute, in bursts of up to one second; 0: unlimited.
    """

    def __init__(self, latency: float = 0.0, capacity: int = 0, per_minute: int = 0):
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self._port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self._port}/v1"
        self._command = [sys.executable, __file__, str(self._port), str(latency), str(capacity), str(per_minute)]

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE)
        self._process.stdout.readline()
        return self

    def __exit__(self, *error) -> None:
        self._process.terminate()
        self._process.wait()

    def usage(self) -> Usage:
        """Return the usage since the previous call of this method."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/usage") as response:
            return Usage(**json.load(response))


class _Server:
    """Slots, queue and rate limit, with their usage."""

    def __init__(self, latency: float, capacity: int, per_minute: int):
        self.latency, self.capacity, self.per_minute = latency, capacity, per_minute
        self.usage, self.present, self.in_progress = Usage(), 0, 0
        self.queue: deque = deque()
        self.tokens, self.refilled = 0.0, 0.0

    def receive(self, connection: "_Connection", body: bytes) -> None:
        """Queue or refuse a request."""
        loop, now = asyncio.get_running_loop(), time.monotonic()
        self.usage.first = self.usage.first or now
        if self.per_minute and not self._take_token(now):
            self.usage.refused += 1
            self.usage.refusals.append(now - self.usage.first)
            text = b'{"error": {"message": "too many requests", "code": "rate_limit_exceeded"}}'
            connection.send(_TOO_MANY_REQUESTS % (1, self.per_minute, len(text)) + text)
            return
        self.present += 1
        self.usage.peak = max(self.usage.peak, self.present)
        self.queue.append((connection, body))
        self._start(loop)

    def _take_token(self, now: float) -> bool:
        """Take a token from a bucket that holds the requests of one second. Return False if it is empty."""
        per_second = self.per_minute / 60
        self.tokens, self.refilled = min(per_second, self.tokens + (now - self.refilled) * per_second), now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True

    def _start(self, loop) -> None:
        while self.queue and (not self.capacity or self.in_progress < self.capacity):
            self.in_progress += 1
            connection, body = self.queue.popleft()
            if self.latency:
                loop.call_later(self.latency, self._finish, loop, connection, body, time.monotonic())
            else:
                self._finish(loop, connection, body, time.monotonic())

    def _finish(self, loop, connection: "_Connection", body: bytes, started: float) -> None:
        self.in_progress -= 1
        self.present -= 1
        self._start(loop)
        text = _completion(body)
        connection.send(_HEAD % len(text) + text)
        self.usage.answered += 1
        self.usage.last = time.monotonic()
        self.usage.answers.append(self.usage.last - self.usage.first)
        self.usage.busy += self.usage.last - started

    def report(self) -> bytes:
        """Return the usage as JSON, and reset it."""
        self.usage.cpu = time.process_time()
        usage, self.usage = self.usage, Usage()
        return json.dumps(dataclasses.asdict(usage)).encode()


class _Connection(asyncio.Protocol):
    """Minimal HTTP/1.1: persistent connections, and bodies with a Content-Length."""

    def __init__(self, server: _Server):
        self.server, self.received = server, b""

    def connection_made(self, transport) -> None:
        self.transport = transport

    def send(self, data: bytes) -> None:
        self.transport.write(data)

    def data_received(self, data: bytes) -> None:
        self.received += data
        while (end := self.received.find(b"\r\n\r\n")) >= 0:
            head = self.received[:end].lower()
            length = head.partition(b"content-length:")[2].partition(b"\r\n")[0]
            total = end + 4 + int(length or 0)
            if len(self.received) < total:
                return
            body, self.received = self.received[end + 4 : total], self.received[total:]
            if head.startswith(b"post"):
                self.server.receive(self, body)
            else:
                text = self.server.report()
                self.send(_HEAD % len(text) + text)


def _completion(body: bytes) -> bytes:
    """Return a rewrite if the request asks for one, else an answer that is correct for every second question."""
    digest = blake2b(body, digest_size=6).hexdigest()
    if b"<IMPROVED_VARIABLE>" in body:
        text = f"<IMPROVED_VARIABLE>\\nWork in small steps and check case {digest} twice.\\n</IMPROVED_VARIABLE>"
    else:
        text = f"Step by step, case {digest}.\\nAnswer: {int(digest, 16) % 2}"
    return (
        f'{{"object": "chat.completion", "choices": [{{"index": 0, "finish_reason": "stop", "message": '
        f'{{"role": "assistant", "content": "{text}"}}}}], "usage": {{"prompt_tokens": {len(body) // 4}, '
        f'"completion_tokens": {len(text) // 4}}}}}'
    ).encode()


async def _serve(port: int, server: _Server) -> None:
    loop = asyncio.get_running_loop()
    listener = await loop.create_server(lambda: _Connection(server), "127.0.0.1", port, backlog=4096)
    print("ready", flush=True)
    await listener.serve_forever()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(int(sys.argv[1]), _Server(float(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))))
