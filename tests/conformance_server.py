"""Servers that keep the documented habits of products which cannot be had in a test: real HTTP, imitated manners.

    with ConformanceServer(Ollama(), brain) as server:     # brain answers: any engine of ours
        engine = get_engine("ollama-llama3.1:8b", base_url=server.url)

A product is a small class: `page` answers GET, `refuse` says no to a chat request or lets it pass, `answer` is the
body of a good one. `conformance_products` has them.
"""

from typing import Any

from fault_kinds import Fault, content_of, error
from fault_server import FaultServer

from textgrad.engine.base import EngineLM, Sampling


class Product:
    """A plain endpoint of OpenAI's protocol; the products change what is special about them.

    Attributes:
        root: path before the part that every endpoint shares.
    """

    root = "/v1"

    def page(self, path: str) -> Fault | None:
        """The answer to GET, or None where the plain one will do."""

    def refuse(self, request: dict, headers: dict, number: int) -> Fault | None:
        """The answer in place of a good one to the chat request of this number, from 0; None to go on."""

    def answer(self, request: dict, text: str) -> dict | str:
        """The body of a good answer, sent as JSON or, a str, as it is."""
        return body(request, text)


class ConformanceServer(FaultServer):
    """A product's server.

    Args:
        product: whose manners it has.
        brain: what answers, by `complete`.
        **options: of `FaultServer`.
    """

    def __init__(self, product: Product, brain: EngineLM, **options: Any):
        self.product, self.brain = product, brain
        super().__init__(**options)

    @property
    def url(self) -> str:
        return super().url.removesuffix("/v1") + self.product.root

    def page(self, path: str) -> Fault:
        return self.product.page(path) or super().page(path)

    def register_request(self, request: dict, headers: dict, connection: int) -> Fault:
        fault = super().register_request(request, headers, connection)
        if fault is None:
            fault = self.product.refuse(request, headers, len(self.requests) - 1)
        return fault or Fault(200, self.product.answer(request, self._think(request)))

    def _think(self, request: dict) -> str:
        messages = [
            {"role": message["role"].replace("developer", "system"), "content": content_of(message)}
            for message in request["messages"]
        ]
        limit = request.get("max_tokens") or request.get("max_completion_tokens") or 2000
        return self.brain.complete(messages, Sampling(temperature=0.0, max_tokens=limit)).text


def tokens_of(request: dict) -> int:
    """Tokens of a chat request: four characters each."""
    return sum(len(content_of(message)) // 4 + 4 for message in request["messages"])


def body(request: dict, text: str | None, finish_reason: str = "stop", **usage: Any) -> dict:
    """The body of a good answer.

    Args:
        request: that it answers.
        text: of the reply.
        finish_reason: why it ends.
        **usage: fields of the answer's `usage` in place of the plain ones.
    """
    counted = {"prompt_tokens": tokens_of(request), "completion_tokens": max(1, len(text or "") // 4), **usage}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 0,
        "model": request["model"],
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": text},
                "logprobs": None,
                "finish_reason": finish_reason,
            }
        ],
        "usage": {**counted, "total_tokens": counted["prompt_tokens"] + counted["completion_tokens"]},
    }


__all__ = ["ConformanceServer", "Fault", "Product", "body", "error", "tokens_of"]
