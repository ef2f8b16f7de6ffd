"""Serve a GGUF file with OpenVINO GenAI, in the server process of `local`: OpenAI's chat protocol on 127.0.0.1."""

import importlib.metadata
import itertools
import json
import os
import queue
import random
import select
import socket
import threading
from concurrent.futures import Future, wait
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

_BLOCK = 32  # tokens per block of the KV cache on a CPU
_PREFILL = 1024  # tokens per step
# With bfloat16, quantized activations or a quantized KV cache, a reply depends on the other requests in the batch.
_EXACT = {"INFERENCE_PRECISION_HINT": "f32", "KV_CACHE_PRECISION": "f32", "DYNAMIC_QUANTIZATION_GROUP_SIZE": "0"}
_FORM = r"root ::= [^<> \n] [^>]*"  # up to the stop string "<"; a bounded repetition takes OpenVINO a second per token
_FORM_TOKENS = 300  # maximum length of a text between required tags; weak models repeat themselves
_POLL = 1.0  # seconds between checks whether the client is still connected


def start(path: str, context: int, slots: int, threads: int, exact: bool = True, port: int = 0) -> str:
    """Serve a GGUF file from background threads, and return the base URL.

    Args:
        path: GGUF file of an architecture and a quantization that OpenVINO GenAI reads.
        context: maximum number of tokens of a request and its reply together.
        slots: number of requests processed in parallel.
        threads: number of compute threads.
        exact: False for twice the speed, with replies that depend on the other requests in flight.
        port: TCP port; 0 for any free port.

    Raises:
        ImportError: openvino-genai is not installed, or does not work here.
        RuntimeError: OpenVINO cannot load the file.
    """
    import openvino_genai

    scheduler = openvino_genai.SchedulerConfig()
    scheduler.num_kv_blocks = slots * (-(-context // _BLOCK) + 1)
    scheduler.max_num_seqs, scheduler.max_num_batched_tokens = slots, _PREFILL
    scheduler.enable_prefix_caching = True
    properties = {**(_EXACT if exact else {}), "INFERENCE_NUM_THREADS": threads}
    pipeline = openvino_genai.ContinuousBatchingPipeline(path, scheduler, "CPU", properties)
    batch = Batch(pipeline, openvino_genai, context)
    product = f"OpenVINO GenAI {importlib.metadata.version('openvino-genai')}"
    model = {"id": Path(path).name, "object": "model", "owned_by": product, "max_model_len": context}
    server = Server(port, batch, model)
    for work in (batch.run, server.serve_forever):
        threading.Thread(target=work, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}/v1"


class Batch:
    """The requests in flight. One thread, in `run`, makes all calls of OpenVINO.

    Args:
        pipeline: a `ContinuousBatchingPipeline`.
        library: the module openvino_genai.
        context: maximum number of tokens of a request and its reply together.
    """

    def __init__(self, pipeline: Any, library: Any, context: int):
        self._pipeline, self._library, self._context = pipeline, library, context
        self._tokenizer = pipeline.get_tokenizer()
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
            while True:
                while not in_flight or not self._queue.empty():
                    request, answer = self._queue.get()
                    if generation := self._add(request, answer):
                        in_flight.append(generation)
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
        if generation.handle.get_status() == self._library.GenerationStatus.RUNNING:
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


class Server(ThreadingHTTPServer):
    """The HTTP server of a batch, on 127.0.0.1.

    Args:
        port: TCP port; 0 for any free port.
        batch: answers the requests.
        model: entry of the list of models, with the context length `max_model_len`.
    """

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, batch: Batch, model: dict[str, Any]):
        self.batch = batch
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
