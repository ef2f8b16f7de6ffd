"""Every provider that LiteLLM knows. The package is optional and imported at the first call only."""

import os
import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from textgrad.engine.base import DEFAULT_SYSTEM_PROMPT, ChatEngine, Reply, Sampling
from textgrad.engine.kind import EngineKind
from textgrad.engine.protocol.errors import ApiError, RequestContext
from textgrad.engine.protocol.messages import prompt_tokens, read_completion, wire_messages
from textgrad.errors import UsageError
from textgrad.packages import require_package

_importing = threading.Lock()


class ChatLiteLLM(ChatEngine):
    """A chat model reached through LiteLLM. It reads keys from the environment, under its own names.

    Args:
        model_string: the model's name.
        system_prompt: used when a call brings none.
        is_multimodal: True when the model takes images.
        seed: passed on where the provider takes one.
        request_timeout: seconds to wait for an answer, > 0.

    Attributes:
        provider: LiteLLM's prefix for the model's name; "" when the name has one or needs none.
        key_names: environment variables of which one must hold a key; none when that is not known.
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

    def check(self) -> None:
        """Passes when the package and a key are there.

        Raises:
            BrokenSystem: the package is missing; says how to install it.
            UsageError: the key is missing; says where it belongs.
        """
        require_package("litellm")
        if self.key_names and not any(os.environ.get(name) for name in self.key_names):
            raise UsageError(
                f"no key for engine {self.model_string}: set the environment variable {' or '.join(self.key_names)}"
            )

    def complete(self, messages: Sequence[dict[str, Any]], sampling: Sampling) -> Reply:
        """The reply to chat messages, by one request. LiteLLM leaves out what the provider does not take."""
        wire = wire_messages(messages, self.is_multimodal, self.model_string)
        name = f"{self.provider}/{self.model_string}" if self.provider else self.model_string
        seed = {} if sampling.seed is None else {"seed": sampling.seed}
        answer = _ask(
            model=name,
            messages=wire,
            temperature=sampling.temperature,
            top_p=sampling.top_p,
            max_tokens=sampling.max_tokens,
            timeout=self.request_timeout,
            num_retries=0,
            max_retries=0,
            drop_params=True,
            **seed,
        )
        if isinstance(answer, ApiError):
            if answer.filtered:
                return Reply("", "content_filter", prompt_tokens(wire), 0)
            raise answer.error(self._context())
        return read_completion(answer, wire)

    def _context(self) -> RequestContext:
        keys = (value for name, value in os.environ.items() if name.endswith(("_KEY", "_TOKEN")) and len(value) > 7)
        return RequestContext(self.model_string, self.endpoint, " or ".join(self.key_names), tuple(keys))


def _ask(**request) -> dict[str, Any] | ApiError:
    """One request through LiteLLM, which tells of every failure by an exception of the openai package's family."""
    litellm = _litellm()
    import openai

    try:
        answer = litellm.completion(**request)
    except openai.OpenAIError as error:
        return _problem(error)
    return answer if isinstance(answer, dict) else answer.model_dump()


def _problem(error: Exception) -> ApiError:
    """LiteLLM's exception, whose class knows more than its message, which differs from provider to provider."""
    kind = {
        "ContextWindowExceededError": "context_length_exceeded",
        "ContentPolicyViolationError": "content_policy",
    }.get(type(error).__name__, "")
    body = getattr(error, "body", None)
    code = kind or (str(body.get("code") or "") if isinstance(body, dict) else "")
    response = getattr(error, "response", None)  # made up by LiteLLM at times, then without the headers
    headers = getattr(error, "litellm_response_headers", None) or getattr(response, "headers", {})
    return ApiError(int(getattr(error, "status_code", None) or 500), str(error), code, headers=headers)


def _litellm():
    require_package("litellm")
    with _importing:
        # Otherwise importing it fetches a table of prices from the network.
        os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
        import litellm
    litellm.suppress_debug_info = True
    return litellm


ENGINES = (
    EngineKind(
        r"litellm-(.+)", ChatLiteLLM, "litellm-mistral/mistral-small-latest", "LiteLLM: litellm-<provider/model>"
    ),
)
