"""Engines that use LiteLLM, with a fake package."""

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


class BadRequestError(openai.OpenAIError):
    status_code = 400


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
    """Install a module `litellm` whose `completion` records its requests, and replies or raises `failure`."""
    module = types.ModuleType("litellm")
    module.requests, module.failure = [], None

    def completion(**request):
        module.requests.append(request)
        if module.failure:
            raise module.failure
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
        ("bedrock-meta.llama3-8b-instruct-v1:0", "bedrock/meta.llama3-8b-instruct-v1:0"),
        ("litellm-mistral/x", "mistral/x"),
        ("experimental:gpt-4o", "gpt-4o"),
    ],
)
def test_names_are_translated_to_those_of_litellm(fake, name, model):
    reply = get_engine(name).complete(MESSAGES, Sampling())
    assert (reply.text, reply.prompt_tokens, reply.completion_tokens) == ("hello", 4, 2)
    assert fake.requests[0]["model"] == model


def test_the_request_contains_the_sampling_parameters_and_disables_retries(fake):
    get_engine("claude-3").complete(MESSAGES, Sampling(temperature=0.5, top_p=0.9, max_tokens=7, seed=3))
    expected = {
        "temperature": 0.5,
        "top_p": 0.9,
        "max_tokens": 7,
        "seed": 3,
        "num_retries": 0,
        "max_retries": 0,
        "drop_params": True,
        "messages": MESSAGES,
    }
    assert expected.items() <= fake.requests[0].items()


def test_bedrock_takes_textgrads_region_and_length_and_needs_boto3(fake, monkeypatch):
    from textgrad.engine.bedrock import ChatBedrock

    engine = ChatBedrock(region="eu-west-1", max_tokens=7)
    assert engine.generate("hi") == "hello"
    expected = {"model": "bedrock/anthropic.claude-3-sonnet-20240229-v1:0", "aws_region_name": "eu-west-1"}
    assert {**expected, "max_tokens": 7}.items() <= fake.requests[0].items()
    monkeypatch.setitem(sys.modules, "boto3", types.ModuleType("boto3"))
    engine.check()
    monkeypatch.delitem(sys.modules, "boto3")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(BrokenSystem, match="pip install boto3"):
        engine.check()


def test_importing_litellm_downloads_no_price_table(fake):
    get_engine("claude-3").complete(MESSAGES, Sampling())
    assert os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] == "True"


@pytest.mark.parametrize(
    "failure, kind",
    [
        (RateLimitError("slow"), TransientError),
        (Timeout("late"), TransientError),
        (APIConnectionError("lost"), TransientError),
        (AuthenticationError("who?"), BrokenSystem),
        (NoCredit("0"), BrokenSystem),
        (ContextWindowExceededError("too much"), ContextExceeded),
    ],
)
def test_exceptions_of_litellm_become_ours(fake, failure, kind):
    fake.failure = failure
    with pytest.raises(kind) as caught:
        get_engine("claude-3").complete(MESSAGES, Sampling())
    if kind is TransientError:
        assert caught.value.rate_limited == isinstance(failure, RateLimitError)
        assert caught.value.retry_after == (3.0 if caught.value.rate_limited else None)


@pytest.mark.parametrize("status", [0, 200, -5, 10**30, "many", None, float("nan")])
def test_a_status_that_makes_no_sense_is_an_error_of_the_server(fake, status):
    fake.failure = Timeout("late")
    fake.failure.status_code = status
    with pytest.raises(TransientError, match="HTTP 500: late"):
        get_engine("claude-3").complete(MESSAGES, Sampling())


def test_a_content_policy_violation_is_a_filtered_reply(fake):
    fake.failure = ContentPolicyViolationError("no")
    assert get_engine("claude-3").complete(MESSAGES, Sampling()).flaw == "filtered"


def test_the_system_text_moves_into_the_user_message_if_the_provider_refuses_it(fake):
    def completion(**request):
        fake.requests.append(request)
        if request["messages"][0]["role"] == "system":
            raise BadRequestError("litellm.BadRequestError: Only user and assistant roles are supported!")
        return {"choices": [{"message": {"content": "hello"}, "finish_reason": "stop"}]}

    fake.completion = completion
    engine = get_engine("claude-3")
    messages = [{"role": "system", "content": "Be brief."}, *MESSAGES]
    first, second = engine.complete(messages, Sampling()), engine.complete(messages, Sampling())
    assert first.text == second.text == "hello" and len(fake.requests) == 3
    assert fake.requests[2]["messages"] == [{"role": "user", "content": "Be brief.\n\nhi"}]
    assert "Only user and assistant roles are supported!" in " ".join(first.remarks)
    assert not any("system prompt" in remark for remark in second.remarks)


def test_a_refusal_that_stays_without_a_system_message_is_reported_and_nothing_is_learned(fake):
    fake.failure = BadRequestError("Conversation roles must alternate")
    engine = get_engine("claude-3")
    messages = [{"role": "system", "content": "Be brief."}, *MESSAGES]
    with pytest.raises(BrokenSystem, match="roles must alternate"):
        engine.complete(messages, Sampling())
    fake.failure = None
    engine.complete(messages, Sampling())
    assert fake.requests[-1]["messages"] == messages


def test_an_api_key_in_an_error_message_is_redacted(fake):
    fake.failure = AuthenticationError(f"invalid x-api-key {KEY}")
    with pytest.raises(BrokenSystem, match="ANTHROPIC_API_KEY") as caught:
        get_engine("claude-3").complete(MESSAGES, Sampling())
    assert "marked" not in str(caught.value)


def test_the_import_paths_of_textgrad_exist():
    from textgrad.engine.anthropic import ChatAnthropic
    from textgrad.engine.cohere import ChatCohere
    from textgrad.engine.gemini import ChatGemini
    from textgrad.engine.groq import ChatGroq
    from textgrad.engine.together import ChatTogether

    for kind in (ChatAnthropic, ChatCohere, ChatGemini, ChatGroq, ChatTogether):
        assert kind(model_string="m", system_prompt="S").system_prompt == "S"
