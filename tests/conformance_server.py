"""HTTP servers that imitate the documented behaviour of products that cannot run in a test.

    with ConformanceServer(Ollama(), engine) as server:  # `engine` generates the replies
        client = get_engine("ollama-llama3.1:8b", base_url=server.url)

A product is a small class: `page` answers GET requests, `refuse` returns the fault of a chat request, and `answer` the
body of a good response. The products are in `conformance_products`.
"""

from typing import Any

from fault_kinds import Fault, content_of, error
from fault_server import FaultServer

from textgrad.engine.base import EngineLM, Sampling


class Product:
    """An endpoint with OpenAI's protocol. Subclasses override the behaviour of their product.

    Attributes:
        root: path of the base URL.
    """

    root = "/v1"

    def page(self, path: str) -> Fault | None:
        """Return the response to a GET request, or None for the default."""

    def refuse(self, request: dict, headers: dict, number: int) -> Fault | None:
        """Return the fault of a chat request, or None. Requests are numbered from 0."""

    def answer(self, request: dict, text: str) -> dict | str:
        """Return the body of a good response: a dict is sent as JSON, a str unchanged."""
        return body(request, text)


class ConformanceServer(FaultServer):
    """The server of a product.

    Args:
        product: the imitated product.
        engine: generates the replies.
        **options: of `FaultServer`.
    """

    def __init__(self, product: Product, engine: EngineLM, **options: Any):
        self.product, self.engine = product, engine
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
        return fault or Fault(200, self.product.answer(request, self._generate(request)))

    def _generate(self, request: dict) -> str:
        messages = [
            {"role": message["role"].replace("developer", "system"), "content": content_of(message)}
            for message in request["messages"]
        ]
        limit = request.get("max_tokens") or request.get("max_completion_tokens") or 2000
        return self.engine.complete(messages, Sampling(temperature=0.0, max_tokens=limit)).text


def tokens_of(request: dict) -> int:
    """Return the estimated tokens of a chat request: four characters each."""
    return sum(len(content_of(message)) // 4 + 4 for message in request["messages"])


def body(request: dict, text: str | None, finish_reason: str = "stop", **usage: Any) -> dict:
    """Return the body of a good response.

    Args:
        request: the chat request.
        text: text of the reply.
        finish_reason: of the choice.
        **usage: fields that override those of `usage`.
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
