"""vLLM inside this process. Concurrent requests are answered in one batch."""

import importlib
import os
import threading
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import Any

from textgrad.engine.base import DEFAULT_SYSTEM_PROMPT, ChatEngine, Reply, Sampling
from textgrad.engine.kind import EngineKind
from textgrad.engine.protocol.errors import ApiError
from textgrad.engine.protocol.messages import wire_messages, without_thinking
from textgrad.engine.reply import reported_reason
from textgrad.errors import BrokenSystem, ContextExceeded, UsageError
from textgrad.packages import require_package
from textgrad.text import load_json

_BATCH_WINDOW = 0.01  # seconds to wait for concurrent callers before a batch starts


@dataclass(eq=False)
class _Request:
    """A queued request and its future reply."""

    messages: list[dict[str, Any]]
    sampling: Sampling
    reply: Future[Reply] = field(default_factory=Future)


class ChatVLLM(ChatEngine):
    """A chat model that vLLM runs inside this process. It is loaded at the first call.

    Args:
        model_string: name on the Hugging Face hub, or a folder.
        system_prompt: default system prompt.
        is_multimodal: True if the model accepts images.
        seed: default sampling seed.
        **llm_config: options of `vllm.LLM`. They override those in the environment variable VLLM_OPTIONS, a JSON
            object such as {"dtype": "float32", "max_model_len": 4096}.

    Raises:
        UsageError: VLLM_OPTIONS is not a JSON object.
    """

    endpoint = "vllm:in-process"

    def __init__(
        self,
        model_string: str = "meta-llama/Meta-Llama-3-8B-Instruct",
        system_prompt: str = DEFAULT_SYSTEM_PROMPT,
        *,
        is_multimodal: bool = False,
        seed: int | None = None,
        **llm_config,
    ):
        self.model_string, self.system_prompt, self.is_multimodal = model_string, system_prompt, is_multimodal
        self.llm_config = {**_options(), **llm_config}
        self.sampling = replace(self.sampling, seed=seed)
        self._model: Any = None
        self._queue: deque[_Request] = deque()
        self._lock = threading.Lock()

    def check(self) -> None:
        """Check that vLLM is installed.

        Raises:
            BrokenSystem: it is missing.
        """
        require_package("vllm")

    def complete(self, messages: Sequence[dict[str, Any]], sampling: Sampling) -> Reply:
        """Return the reply to chat messages. The lock holder runs the batch for all queued callers.

        Raises:
            BrokenSystem: vLLM is missing, or cannot load or run the model.
            ContextExceeded: the request exceeds the model's context.
        """
        request = _Request(wire_messages(messages, self.is_multimodal, self.model_string), sampling)
        self._queue.append(request)
        with self._lock:
            if not request.reply.done():
                time.sleep(_BATCH_WINDOW)
                batch = [self._queue.popleft() for _ in range(len(self._queue))]
                self._answer(batch if request in batch else [request, *batch])
        return request.reply.result()

    def _answer(self, batch: list[_Request]) -> None:
        vllm = self._load()
        try:
            outputs = self._chat(vllm, batch)
        except ValueError as error:
            if len(batch) > 1:  # one invalid request fails the whole batch
                for request in batch:
                    self._answer([request])
            else:
                kind = ContextExceeded if ApiError(400, str(error)).too_long else BrokenSystem
                batch[0].reply.set_exception(kind(self._message(error)))
            return
        except RuntimeError as error:
            raise BrokenSystem(self._message(error)) from error
        for request, output in zip(batch, outputs, strict=True):
            request.reply.set_result(_reply(output))

    def _chat(self, vllm: Any, batch: list[_Request]) -> list[Any]:
        parameters = [
            vllm.SamplingParams(
                temperature=request.sampling.temperature,
                top_p=request.sampling.top_p,
                max_tokens=request.sampling.max_tokens,
                seed=request.sampling.seed,
            )
            for request in batch
        ]
        return self._model.chat([request.messages for request in batch], parameters, use_tqdm=False)

    def _load(self) -> Any:
        require_package("vllm")
        # A separate engine process would outlive a killed program and keep its memory.
        os.environ.setdefault("VLLM_ENABLE_V1_MULTIPROCESSING", "0")
        vllm = importlib.import_module("vllm")
        if self._model is None:
            try:
                self._model = vllm.LLM(model=self.model_string, **self.llm_config)
            except (OSError, RuntimeError, ValueError, TypeError) as error:  # also a wrong name in VLLM_OPTIONS
                raise BrokenSystem(f"vLLM cannot load {self.model_string}: {' '.join(str(error).split())}") from error
        return vllm

    def _message(self, error: Exception) -> str:
        return f"engine {self.model_string} at {self.endpoint}: {' '.join(str(error).split())}"


def _options() -> dict[str, Any]:
    text = os.environ.get("VLLM_OPTIONS") or "{}"
    try:
        options = load_json(text)
    except ValueError:
        options = None
    if not isinstance(options, dict):
        raise UsageError(
            f'invalid VLLM_OPTIONS {text[:60]!r}: expected a JSON object such as {{"max_model_len": 4096}}'
        )
    return options


def _reply(output: Any) -> Reply:
    """Convert a `RequestOutput` of vLLM."""
    first = output.outputs[0]
    finish = reported_reason(first.finish_reason)
    return Reply(without_thinking(first.text), finish, len(output.prompt_token_ids or ()), len(first.token_ids))


ENGINES = (
    EngineKind(
        r"vllm-(.+)",
        ChatVLLM,
        "vllm-llama-3-8b",
        "vLLM inside this process",
        remote=False,
        short_names={"vllm-llama-3-8b": "vllm-meta-llama/Meta-Llama-3-8B-Instruct"},
    ),
)
