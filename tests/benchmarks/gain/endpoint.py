"""An OpenAI-compatible endpoint on 127.0.0.1 for one peer: it counts calls, stops at the cap, and scores answers."""

import contextlib
import itertools
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from textgrad.concurrency import scope
from textgrad.engine.calls.gateway import Gateway, Route
from textgrad.engine.reply import Sampling
from textgrad.errors import StopRun
from textgrad.tasks import Task


@contextlib.contextmanager
def serving(gateway: Gateway, model: Route, task: Task) -> Iterator[str]:
    """Yield the base URL of an endpoint that answers POST /v1/chat/completions and /v1/score.

    Args:
        gateway: caps and counts the calls; equal requests at temperature 0 count once.
        model: answers them.
        task: scores {"question", "prediction", "answer"}.
    """
    numbers = itertools.count()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            try:
                status, answer = 200, self._answer(body)
            except StopRun as reason:  # 400, since clients send a request again after other statuses
                status, answer = 400, {"error": {"message": str(reason), "type": "budget", "code": "budget"}}
            text = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def _answer(self, body: dict[str, Any]) -> dict[str, Any]:
            if self.path.endswith("/score"):
                return {"score": task.score(body["question"], body["prediction"], body["answer"])}
            sampling = _sampling(body, model.sampling)
            with scope(call=next(numbers) if sampling.temperature else 0):
                reply = gateway.ask(model.engine, "peer", [_plain(each) for each in body["messages"]], sampling)
            return _completion(reply.text, reply.prompt_tokens or 0, reply.completion_tokens or 0)

        def log_message(self, *_) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"
    finally:
        server.shutdown()
        server.server_close()


def _sampling(body: dict[str, Any], default: Sampling) -> Sampling:
    longest = body.get("max_tokens") or body.get("max_completion_tokens") or default.max_tokens
    temperature, top_p = (body.get(name) for name in ("temperature", "top_p"))
    return Sampling(
        default.temperature if temperature is None else temperature,
        default.top_p if top_p is None else top_p,
        min(longest, default.max_tokens),
        default.seed,
    )


def _plain(message: dict[str, Any]) -> dict[str, Any]:
    content = message["content"]
    if isinstance(content, list):
        content = "".join(part.get("text", "") for part in content)
    return {"role": message["role"], "content": content}


def _completion(text: str, asked: int, replied: int) -> dict[str, Any]:
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 0,
        "model": "model",
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}],
        "usage": {"prompt_tokens": asked, "completion_tokens": replied, "total_tokens": asked + replied},
    }
