"""All providers supported by LiteLLM. The package is optional and imported at the first call."""

import os
import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from textgrad.engine.base import DEFAULT_SYSTEM_PROMPT, ChatEngine, Reply, Sampling
from textgrad.engine.kind import EngineKind
from textgrad.engine.protocol.errors import ApiError, RequestContext
from textgrad.engine.protocol.messages import (
    SYSTEM_MOVED,
    prompt_tokens,
    read_completion,
    wire_messages,
    with_system_in_user,
)
from textgrad.errors import UsageError
from textgrad.packages import require_package

_import_lock = threading.Lock()
_ERROR_CODES = {
    "ContextWindowExceededError": "context_length_exceeded",
    "ContentPolicyViolationError": "content_policy",
}


class ChatLiteLLM(ChatEngine):
    """A chat model called through LiteLLM, which reads API keys from the environment.

    Args:
        model_string: name of the model.
        system_prompt: default system prompt.
        is_multimodal: True if the model accepts images.
        seed: default sampling seed.
        request_timeout: seconds to wait for a response, > 0.

    Attributes:
        provider: LiteLLM's prefix of the model name; "" if the name includes it or needs none.
        key_names: environment variables of the API key, of which one must be set; empty if unknown.
        request_options: further arguments of `litellm.completion`.
    """

    provider = ""
    key_names: tuple[str, ...] = ()

    def __init__(
        self,
        model_string: str,
        system_prompt: str = DEFAULT_SYSTEM_PROMPT,
        is_multimodal: bool = True,
        *,
        seed: int | None = None,
        request_timeout: float = 120.0,
    ):
        self.model_string, self.system_prompt, self.is_multimodal = model_string, system_prompt, is_multimodal
        self.endpoint = f"litellm:{self.provider}" if self.provider else "litellm"
        self.request_timeout = request_timeout
        self.sampling = replace(self.sampling, seed=seed)
        self.request_options: dict[str, Any] = {}
        self._refuses_system = False

    def check(self) -> None:
        """Check that the package is installed and an API key is set.

        Raises:
            BrokenSystem: the package is missing; the message says how to install it.
            UsageError: the API key is missing; the message names the environment variable.
        """
        require_package("litellm")
        if self.key_names and not any(os.environ.get(name) for name in self.key_names):
            raise UsageError(
                f"no key for engine {self.model_string}: set the environment variable {' or '.join(self.key_names)}"
            )

    def complete(self, messages: Sequence[dict[str, Any]], sampling: Sampling) -> Reply:
        """Return the reply to chat messages. LiteLLM omits parameters that the provider does not support."""
        wire = wire_messages(messages, self.is_multimodal, self.model_string)
        response = self._ask(with_system_in_user(wire) if self._refuses_system else wire, sampling)
        remarks: tuple[str, ...] = ()
        if isinstance(response, ApiError) and response.refused_parameter({"messages": wire}) == "system":
            refusal, response = response, self._ask(with_system_in_user(wire), sampling)
            if not isinstance(response, ApiError):
                self._refuses_system = True
                remarks = (SYSTEM_MOVED.format(self._context().line(refusal.message)),)
        if isinstance(response, ApiError):
            if response.filtered:
                return Reply("", "content_filter", prompt_tokens(wire), 0)
            raise response.error(self._context())
        reply = read_completion(response, wire)
        return replace(reply, remarks=tuple(f"{self.model_string}: {each}" for each in (*reply.remarks, *remarks)))

    def _ask(self, wire: list[dict[str, Any]], sampling: Sampling) -> dict[str, Any] | ApiError:
        name = f"{self.provider}/{self.model_string}" if self.provider else self.model_string
        seed = {} if sampling.seed is None else {"seed": sampling.seed}
        return _send(
            model=name,
            messages=wire,
            temperature=sampling.temperature,
            top_p=sampling.top_p,
            max_tokens=sampling.max_tokens,
            timeout=self.request_timeout,
            num_retries=0,  # the limiter retries
            max_retries=0,
            drop_params=True,
            **seed,
            **self.request_options,
        )

    def _context(self) -> RequestContext:
        keys = (value for name, value in os.environ.items() if name.endswith(("_KEY", "_TOKEN")) and len(value) > 7)
        return RequestContext(self.model_string, self.endpoint, " or ".join(self.key_names), tuple(keys))


def _send(**request) -> dict[str, Any] | ApiError:
    """Send one request and return the JSON object of the response, or the error that it reports."""
    litellm = _import_litellm()
    import openai

    try:
        response = litellm.completion(**request)
    except openai.OpenAIError as error:  # the base class of all exceptions of LiteLLM
        return _api_error(error)
    return response if isinstance(response, dict) else response.model_dump()


def _api_error(error: Exception) -> ApiError:
    """Convert an exception of LiteLLM. Its class is more reliable than its message, which depends on the provider."""
    body = getattr(error, "body", None)
    code = _ERROR_CODES.get(type(error).__name__) or (str(body.get("code") or "") if isinstance(body, dict) else "")
    response = getattr(error, "response", None)  # sometimes a placeholder without the headers
    headers = getattr(error, "litellm_response_headers", None) or getattr(response, "headers", {})
    status = getattr(error, "status_code", None)
    if not isinstance(status, int) or not 400 <= status < 600:
        status = 500
    return ApiError(status, str(error), code, headers=headers)


def _import_litellm() -> Any:
    require_package("litellm")
    with _import_lock:
        # By default, the import downloads a price table.
        os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
        import litellm
    litellm.suppress_debug_info = True
    return litellm


ENGINES = (
    EngineKind(
        r"litellm-(.+)", ChatLiteLLM, "litellm-mistral/mistral-small-latest", "LiteLLM: litellm-<provider/model>"
    ),
)
