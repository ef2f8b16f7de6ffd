"""Continuous batching of chat requests with OpenVINO GenAI."""

import itertools
import os
import queue
import random
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

COMPANION_TOKENS = 256  # of one companion; see `Batch`
_COMPANION = "Count upwards: 1 2 3"
_FORM = r"root ::= [^<> \n] [^>]*"  # up to the stop string "<"; a bounded repetition takes OpenVINO a second per token
_FORM_TOKENS = 300  # maximum length of a text between required tags; weak models repeat themselves


class Batch:
    """The requests in flight. One thread, in `run`, makes all calls of the pipeline.

    OpenVINO quantizes the activations of a step, except for a step with one token. To keep replies independent of the
    number of requests, every step includes a companion: a generation whose output is discarded.

    Args:
        pipeline: a `ContinuousBatchingPipeline`.
        library: the module openvino_genai.
        tokenizer: the model's `Tokenizer`.
        context: maximum number of tokens of a request and its reply together.
    """

    def __init__(self, pipeline: Any, library: Any, tokenizer: Any, context: int):
        self._pipeline, self._library, self._tokenizer, self._context = pipeline, library, tokenizer, context
        self._queue: queue.SimpleQueue[tuple[dict[str, Any], Future]] = queue.SimpleQueue()
        self._numbers = itertools.count()

    def submit(self, request: dict[str, Any]) -> Future:
        """Return a future of HTTP status and JSON object. Cancelling it ends the generation.

        Args:
            request: body of a chat completion. `within`, opening and closing tag, encloses the reply in these tags.
        """
        answer: Future = Future()
        self._queue.put((request, answer))
        return answer

    def run(self) -> None:
        """Process requests forever. If OpenVINO fails, end the process: the next call starts a new one."""
        try:
            in_flight: list[_Generation] = []
            companion = None
            while True:
                while not in_flight or not self._queue.empty():
                    request, answer = self._queue.get()
                    if generation := self._add(request, answer):
                        in_flight.append(generation)
                if companion is None or self._has_ended(companion):
                    companion = self._add_companion()
                self._pipeline.step()
                in_flight = [each for each in in_flight if not self._finish(each)]
        finally:
            os._exit(1)

    def _add(self, request: dict[str, Any], answer: Future) -> "_Generation | None":
        """Start a request, or answer it with an error."""
        opening, closing = request.get("within") or ("", "")
        try:
            prompt = self._tokenizer.apply_chat_template(request["messages"], True)
        except RuntimeError as error:  # of the model's template
            _answer(answer, 400, _error("invalid_request_error", f"the chat template failed: {error}"))
            return None
        if opening:
            prompt += f"{opening}\n"
        tokens = self._tokenizer.encode(prompt, add_special_tokens=False).input_ids
        count = tokens.shape[1]
        if count >= self._context:
            message = f"request ({count} tokens) exceeds the available context size ({self._context} tokens)"
            _answer(answer, 400, _error("exceed_context_size_error", message))
            return None
        config = self._config(request, self._context - count)
        handle = self._pipeline.add_request(next(self._numbers), tokens, config)
        return _Generation(handle, answer, count, opening, closing)

    def _add_companion(self) -> Any:
        """Start a companion and return its handle."""
        tokens = self._tokenizer.encode(_COMPANION, add_special_tokens=False).input_ids
        config = self._pipeline.get_config()
        config.max_new_tokens, config.ignore_eos = COMPANION_TOKENS, True
        return self._pipeline.add_request(next(self._numbers), tokens, config)

    def _has_ended(self, handle: Any) -> bool:
        return handle.get_status() != self._library.GenerationStatus.RUNNING

    def _config(self, request: dict[str, Any], room: int) -> Any:
        """Return the generation settings of a request.

        Args:
            request: body of a chat completion.
            room: maximum number of reply tokens, >= 1.
        """
        wanted = request.get("max_tokens") or request.get("max_completion_tokens") or room
        stop = request.get("stop") or []
        config = self._pipeline.get_config()  # has the model's end tokens
        config.max_new_tokens = min(wanted, room)
        config.stop_strings = {stop} if isinstance(stop, str) else set(stop)
        if request.get("within"):
            config.max_new_tokens = min(wanted, room, _FORM_TOKENS)
            config.stop_strings = {"<"}
            config.structured_output_config = self._library.StructuredOutputConfig(grammar=_FORM)
        config.do_sample = request.get("temperature", 1) > 0
        if config.do_sample:
            config.temperature, config.top_p = request.get("temperature", 1), request.get("top_p", 1)
            config.rng_seed = request.get("seed", random.getrandbits(32)) % 2**32
        return config

    def _finish(self, generation: "_Generation") -> bool:
        """Answer a request if it is complete; return whether it has ended."""
        if generation.answer.cancelled():
            generation.handle.cancel()
            return True
        if not self._has_ended(generation.handle):
            return False
        outputs = generation.handle.read_all()  # empty if the reply has no token before a stop string
        tokens = outputs[0].generated_ids if outputs else []
        text = self._tokenizer.decode(tokens)
        truncated = bool(outputs) and outputs[0].finish_reason == self._library.GenerationFinishReason.LENGTH
        if generation.opening:
            text, truncated = f"{generation.opening}\n{text.partition('<')[0]}{generation.closing}", False
        reply = {"role": "assistant", "content": text}
        choice = {"index": 0, "message": reply, "finish_reason": "length" if truncated else "stop"}
        prompt, completion = generation.prompt_tokens, len(tokens)
        usage = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}
        _answer(generation.answer, 200, {"object": "chat.completion", "choices": [choice], "usage": usage})
        return True


@dataclass(frozen=True)
class _Generation:
    """A request in flight: its handle in OpenVINO, the future of its answer, its size, and the tags of its reply."""

    handle: Any
    answer: Future
    prompt_tokens: int
    opening: str
    closing: str


def _answer(answer: Future, status: int, content: dict[str, Any]) -> None:
    if answer.set_running_or_notify_cancel():
        answer.set_result((status, content))


def _error(kind: str, message: str) -> dict[str, Any]:
    return {"error": {"code": 400, "type": kind, "message": message}}
