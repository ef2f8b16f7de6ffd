"""HTTP for the embedded OpenVINO: OpenAI's chat requests, and scores of texts as vLLM gives them.

`/tokenize` and `prompt_logprobs` have the form of vLLM.
"""

import json
import select
import socket
from concurrent.futures import wait
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from textgrad.engine.local_batch import Batch
from textgrad.engine.local_scorer import Scorer

_POLL = 1.0  # seconds between checks whether the client is still connected


class Server(ThreadingHTTPServer):
    """The HTTP server of a batch, on 127.0.0.1.

    Args:
        port: TCP port; 0 for any free port.
        batch: answers the requests.
        scorer: scores texts.
        model: entry of the list of models, with the context length `max_model_len`.
    """

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, batch: Batch, scorer: Scorer, model: dict[str, Any]):
        self.batch, self.scorer, self.context = batch, scorer, model["max_model_len"]
        self.pages: dict[str, dict[str, Any]] = {
            "/v1/models": {"object": "list", "data": [model]},
            "/props": {"default_generation_settings": {"n_ctx": model["max_model_len"]}},  # as llama.cpp reports it
        }
        super().__init__(("127.0.0.1", port), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if page := self.server.pages.get(self.path):
            self._send(200, page)
        else:
            self._send(404, {"error": {"code": 404, "message": f"no {self.path} here"}})

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/tokenize":
            self._send(
                200, {"tokens": self.server.scorer.tokens(request["prompt"]), "max_model_len": self.server.context}
            )
        elif self.path == "/v1/completions":
            self._send(200, {"choices": [{"prompt_logprobs": self._score(request["prompt"])}]})
        else:
            self._complete(request)

    def _score(self, tokens: list[int]) -> list[dict[str, Any] | None]:
        """Return the `prompt_logprobs` of vLLM: the log probability of each token but the first."""
        scores = self.server.scorer.log_probabilities(tokens)
        return [None, *({str(token): {"logprob": score}} for token, score in zip(tokens[1:], scores, strict=True))]

    def _complete(self, request: dict[str, Any]) -> None:
        answer = self.server.batch.submit(request)
        while not wait([answer], _POLL).done:
            if self._is_disconnected():
                answer.cancel()
                return
        self._send(*answer.result())

    def _is_disconnected(self) -> bool:
        readable = select.select([self.connection], [], [], 0)[0]
        return bool(readable) and not self.connection.recv(1, socket.MSG_PEEK)

    def _send(self, status: int, content: dict[str, Any]) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Print nothing."""
