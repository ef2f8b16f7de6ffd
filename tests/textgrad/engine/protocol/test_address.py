"""Base URLs: what is accepted, what is sent, and what is shown."""

import pytest
from fault_server import FaultServer

from textgrad.engine.base import Sampling
from textgrad.engine.openai import AzureChatOpenAI, ChatOpenAI
from textgrad.engine.protocol.address import credentials, split_base_url, without_credentials
from textgrad.errors import UsageError

KEY = "sk-marked-0123456789abcdef"


@pytest.mark.parametrize(
    "url, base, query",
    [
        ("http://host/v1", "http://host/v1", ""),
        ("http://host/v1///", "http://host/v1", ""),
        ("http://host", "http://host", ""),
        ("http://host/v1?api-version=1", "http://host/v1", "api-version=1"),
        ("http://host/v1/?a=1&b=2", "http://host/v1", "a=1&b=2"),
        ("http://host/v1/chat/completions", "http://host/v1", ""),
        ("http://host/v1/chat/completions/?a=1", "http://host/v1", "a=1"),
        ("http://host/v1/completions", "http://host/v1", ""),
        ("http://host/v1/responses", "http://host/v1", ""),
        ("https://name.services.ai.azure.com/models", "https://name.services.ai.azure.com/models", ""),
        ("http://[::1]:8000/v1", "http://[::1]:8000/v1", ""),
        ("HTTP://host/v1", "http://host/v1", ""),
        ("http://my_host:65535/v1", "http://my_host:65535/v1", ""),
        ("http://user:p%23s@host/v1", "http://user:p%23s@host/v1", ""),
    ],
)
def test_path_and_query_are_separated_and_operations_removed(url, base, query):
    assert split_base_url(url) == (base, query)


@pytest.mark.parametrize(
    "url, reason",
    [
        ("host:8000/v1", "does not start with http:// or https://"),
        ("host/v1", "does not start with"),
        ("ftp://host/v1", "does not start with"),
        ("", "does not start with"),
        ("http://host /v1", "spaces"),
        ("http://host/v 1", "spaces"),
        ("http://host\t/v1", "spaces"),
        ("http://host/v\u00a01", "spaces"),
        ('"http://host/v1"', "quotes"),
        ("http://${HOST}/v1", "braces"),
        ("http://host\\v1", "backslashes"),
        ("http://a/v1,http://b/v1", "second URL"),
        ("http://host:99999/v1", "port"),
        ("http://host:0/v1", "port"),
        ("http://host:-1/v1", "port"),
        ("http://host:abc/v1", "port"),
        ("http://::1:8000/v1", "IPv6 address needs square brackets"),
        ("http://[::1/v1", "neither a name nor an address"),
        ("http://[host]/v1", "neither a name nor an address"),
        ("http:///v1", "no host"),
        ("http:/host/v1", "no host"),
        ("http://user@:1/v1", "no host"),
        ("http://a..b/v1", "neither a name nor an address"),
        (f"http://{'a' * 70}.example/v1", "neither a name nor an address"),
        ("http://host/v1#part", "after #"),
    ],
)
def test_an_unusable_url_is_refused_with_the_reason(url, reason):
    with pytest.raises(UsageError, match="invalid base URL") as refused:
        split_base_url(url)
    assert reason in str(refused.value) and "expected something like http://localhost:8000/v1" in str(refused.value)


@pytest.mark.parametrize("url", ["http://user:hid#den@host/v1", "http://user:hidden@host:x/v1", "host?key=hidden"])
def test_an_error_does_not_show_password_or_query(url):
    with pytest.raises(UsageError) as refused:
        split_base_url(url)
    assert "hid" not in str(refused.value) and "den@" not in str(refused.value)


def test_the_query_goes_with_every_request_and_its_key_is_secret():
    with FaultServer(lambda request: "ok") as server:
        engine = ChatOpenAI("m", base_url=f"{server.url}?api-version=1&key=marked-0123456789", api_key=KEY)
        assert engine._chat_url() == f"{server.url}/chat/completions?api-version=1&key=marked-0123456789"
        assert engine.endpoint == server.url
        assert engine._context().line("at marked-0123456789") == "at [key]"
    assert credentials("http://host/v1?api-version=1") == ()


def test_a_url_with_a_query_reaches_the_path():
    with FaultServer(lambda request: "ok") as server:
        engine = ChatOpenAI("m", base_url=f"{server.url}/chat/completions?api-version=1", api_key=KEY)
        assert engine.complete([{"role": "user", "content": "x"}], Sampling()).text == "ok"
        assert dict(engine.client.default_query) == {"api-version": "1"}


def test_the_target_url_of_the_azure_portal_is_accepted(monkeypatch):
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", KEY)
    portal = "https://x.openai.azure.com/openai/deployments/gpt/chat/completions?api-version=2025-01-01"
    monkeypatch.setenv("AZURE_OPENAI_API_BASE", portal)
    assert AzureChatOpenAI("gpt")._chat_url() == portal


def test_credentials_are_not_part_of_the_endpoint():
    assert without_credentials("http://user:word@host/v1?a=1") == "http://host/v1"
