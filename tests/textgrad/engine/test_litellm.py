"""Engines over LiteLLM, with a stand-in for the package."""

import os
import sys
import types

import openai
import pytest

from textgrad.engine import get_engine
from textgrad.engine.base import Sampling
from textgrad.errors import BrokenSystem, ContextExceeded, TransientError

MESSAGES = [{"role": "user", "content": "hi"}]
KEY = "sk-ant-marked-0123456789"


class RateLimitError(openai.OpenAIError):
    status_code = 429
    litellm_response_headers = {"retry-after": "3"}


class NoCredit(RateLimitError):
    body = {"code": "insufficient_quota"}


class Timeout(openai.OpenAIError):
    status_code = 408


class APIConnectionError(openai.OpenAIError):
    status_code = 500


class AuthenticationError(openai.OpenAIError):
    status_code = 401


class ContextWindowExceededError(openai.OpenAIError):
    status_code = 400


class ContentPolicyViolationError(openai.OpenAIError):
    status_code = 400


@pytest.fixture
def fake(monkeypatch):
    """A module `litellm` whose `completion` notes what it was asked and answers or raises `answer`."""
    module = types.ModuleType("litellm")
    module.asked, module.answer = [], None

    def completion(**request):
        module.asked.append(request)
        if isinstance(module.answer, Exception):
            raise module.answer
        return {
            "choices": [{"message": {"content": "hello"}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 4, "completion_tokens": 2},
        }

    module.completion = completion
    monkeypatch.setitem(sys.modules, "litellm", module)
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    monkeypatch.delenv("LITELLM_LOCAL_MODEL_COST_MAP", raising=False)
    return module


@pytest.mark.parametrize(
    "name, model",
    [
        ("claude-3-opus-20240229", "anthropic/claude-3-opus-20240229"),
        ("gemini-2.5-flash", "gemini/gemini-2.5-flash"),
        ("together-a/b", "together_ai/a/b"),
        ("groq-c", "groq/c"),
        ("command-r", "cohere_chat/command-r"),
        ("litellm-mistral/x", "mistral/x"),
        ("experimental:gpt-4o", "gpt-4o"),
    ],
)
def test_each_name_is_translated_to_litellms(fake, name, model):
    reply = get_engine(name).complete(MESSAGES, Sampling())
    assert (reply.text, reply.prompt_tokens, reply.completion_tokens) == ("hello", 4, 2)
    assert fake.asked[0]["model"] == model


def test_the_request_holds_the_sampling_and_leaves_retries_to_the_limiter(fake):
    get_engine("claude-3").complete(MESSAGES, Sampling(temperature=0.5, top_p=0.9, max_tokens=7, seed=3))
    wanted = {
        "temperature": 0.5,
        "top_p": 0.9,
        "max_tokens": 7,
        "seed": 3,
        "num_retries": 0,
        "max_retries": 0,
        "drop_params": True,
        "messages": MESSAGES,
    }
    assert wanted.items() <= fake.asked[0].items()


def test_importing_it_asks_for_no_table_of_prices(fake):
    get_engine("claude-3").complete(MESSAGES, Sampling())
    assert os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] == "True"


@pytest.mark.parametrize(
    "answer, kind",
    [
        (RateLimitError("slow"), TransientError),
        (Timeout("late"), TransientError),
        (APIConnectionError("lost"), TransientError),
        (AuthenticationError("who?"), BrokenSystem),
        (NoCredit("0"), BrokenSystem),
        (ContextWindowExceededError("too much"), ContextExceeded),
    ],
)
def test_its_exceptions_become_ours(fake, answer, kind):
    fake.answer = answer
    with pytest.raises(kind) as caught:
        get_engine("claude-3").complete(MESSAGES, Sampling())
    if kind is TransientError:
        assert caught.value.rate_limited == isinstance(answer, RateLimitError)
        assert caught.value.retry_after == (3.0 if caught.value.rate_limited else None)


def test_a_refusal_for_content_is_a_filtered_reply(fake):
    fake.answer = ContentPolicyViolationError("no")
    assert get_engine("claude-3").complete(MESSAGES, Sampling()).flaw == "filtered"


def test_a_key_in_its_message_is_redacted(fake):
    fake.answer = AuthenticationError(f"invalid x-api-key {KEY}")
    with pytest.raises(BrokenSystem, match="ANTHROPIC_API_KEY") as caught:
        get_engine("claude-3").complete(MESSAGES, Sampling())
    assert "marked" not in str(caught.value)


def test_textgrads_classes_have_their_import_paths():
    from textgrad.engine.anthropic import ChatAnthropic
    from textgrad.engine.cohere import ChatCohere
    from textgrad.engine.gemini import ChatGemini
    from textgrad.engine.groq import ChatGroq
    from textgrad.engine.together import ChatTogether

    for kind in (ChatAnthropic, ChatCohere, ChatGemini, ChatGroq, ChatTogether):
        assert kind(model_string="m", system_prompt="S").system_prompt == "S"
