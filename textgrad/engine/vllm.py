"""vLLM inside this process: callers who ask at the same time are answered by one batch."""

import importlib
import json
import os
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from textgrad.engine.base import DEFAULT_SYSTEM_PROMPT, ChatEngine, Reply, Sampling
from textgrad.engine.kind import EngineKind
from textgrad.engine.protocol.errors import ApiError
from textgrad.engine.protocol.messages import wire_messages, without_thinking
from textgrad.errors import BrokenSystem, ContextExceeded, UsageError
from textgrad.packages import require_package

_GATHER = 0.01  # seconds in which callers who start together are found to be together


@dataclass(eq=False)
class _Ticket:
    """A request on its way: its reply, or why there is none."""

    messages: list[dict[str, Any]]
    sampling: Sampling
    reply: Reply | None = None
    error: Exception | None = None


class ChatVLLM(ChatEngine):
    """A chat model that vLLM runs inside this process; loaded at the first call.

    Args:
        model_string: a model's name on the Hugging Face hub, or its folder.
        system_prompt: used when a call brings none.
        is_multimodal: True when the model takes images.
        **llm_config: options of `vllm.LLM`, on top of those in the environment variable VLLM_OPTIONS, a JSON object
            such as {"dtype": "float32", "max_model_len": 4096}.

    Raises:
        UsageError: VLLM_OPTIONS is no JSON object.
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
        self._waiting: deque[_Ticket] = deque()
        self._turn = threading.Lock()

    def check(self) -> None:
        """Passes when vLLM is installed.

        Raises:
            BrokenSystem: it is not.
        """
        require_package("vllm")

    def complete(self, messages: Sequence[dict[str, Any]], sampling: Sampling) -> Reply:
        """The reply to chat messages. Whoever gets the turn answers for all who wait; there is no thread to look after.

        Raises:
            BrokenSystem: vLLM is missing, or cannot load or run the model.
            ContextExceeded: the request is longer than the model's context.
        """
        ticket = _Ticket(wire_messages(messages, self.is_multimodal, self.model_string), sampling)
        self._waiting.append(ticket)
        with self._turn:
            if ticket.reply is None and ticket.error is None:
                time.sleep(_GATHER)
                batch = [self._waiting.popleft() for _ in range(len(self._waiting))]
                self._answer(batch if ticket in batch else [ticket, *batch])
        if ticket.error is not None:
            raise ticket.error
        return ticket.reply

    def _answer(self, batch: list[_Ticket]) -> None:
        vllm = self._load()
        try:
            outputs = self._chat(vllm, batch)
        except ValueError as error:  # one bad request spoils its batch, so each is asked alone
            if len(batch) > 1:
                for ticket in batch:
                    self._answer([ticket])
            else:
                too_long = ApiError(400, str(error)).too_long
                batch[0].error = (ContextExceeded if too_long else BrokenSystem)(self._told(error))
            return
        except RuntimeError as error:
            raise BrokenSystem(self._told(error)) from error
        for ticket, output in zip(batch, outputs, strict=True):
            ticket.reply = _reply(output)

    def _chat(self, vllm, batch: list[_Ticket]) -> list[Any]:
        parameters = [
            vllm.SamplingParams(
                temperature=ticket.sampling.temperature,
                top_p=ticket.sampling.top_p,
                max_tokens=ticket.sampling.max_tokens,
                seed=ticket.sampling.seed,
            )
            for ticket in batch
        ]
        return self._model.chat([ticket.messages for ticket in batch], parameters, use_tqdm=False)

    def _load(self):
        require_package("vllm")
        # An engine in a process of its own would outlive a program that ends at once, and hold its memory.
        os.environ.setdefault("VLLM_ENABLE_V1_MULTIPROCESSING", "0")
        vllm = importlib.import_module("vllm")
        if self._model is None:
            try:
                self._model = vllm.LLM(model=self.model_string, **self.llm_config)
            except (OSError, RuntimeError, ValueError) as error:
                raise BrokenSystem(f"vLLM cannot load {self.model_string}: {' '.join(str(error).split())}") from error
        return vllm

    def _told(self, error: Exception) -> str:
        return f"engine {self.model_string} at {self.endpoint}: {' '.join(str(error).split())}"


def _options() -> dict[str, Any]:
    told = os.environ.get("VLLM_OPTIONS") or "{}"
    try:
        options = json.loads(told)
    except ValueError:
        options = None
    if not isinstance(options, dict):
        raise UsageError(f'VLLM_OPTIONS is {told!r}: it must be a JSON object such as {{"max_model_len": 4096}}')
    return options


def _reply(output) -> Reply:
    """What vLLM's `RequestOutput` holds, as a reply."""
    first = output.outputs[0]
    finish = "length" if first.finish_reason == "length" else "stop"
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
