"""Messages of `ChatOpenAI` never contain API keys or passwords, even if the server echoes them."""

import traceback

import pytest
from fault_server import Fault, FaultServer, error

from textgrad.engine.base import Sampling
from textgrad.engine.openai import ChatOpenAI
from textgrad.errors import BrokenSystem, TransientError

KEY = "sk-marked-0123456789abcdef"
MESSAGES = [{"role": "user", "content": "How many?"}]


def texts_of(caught) -> str:
    """Return all printable parts of an error: text, attributes, and traceback with chained errors."""
    return "".join(traceback.format_exception(caught.value)) + repr(vars(caught.value)) + repr(caught.value)


@pytest.mark.parametrize(
    "fault",
    [
        "401",
        Fault(400, error(f"bad request with {KEY}")),
        Fault(500, KEY),
        Fault(200, f"<p>{KEY}</p>"),
        Fault(403, f"<p>{KEY}</p>"),
        Fault(429, error(f"slow down, {KEY}")),
        Fault(400, {"detail": [{"key": KEY}]}),
    ],
)
def test_no_message_contains_the_key_even_if_the_server_echoes_it(fault):
    with FaultServer(script=[fault]) as server:
        with pytest.raises((BrokenSystem, TransientError)) as caught:
            ChatOpenAI("m", base_url=server.url, api_key=KEY).complete(MESSAGES, Sampling())
        assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"
    assert "marked" not in texts_of(caught)


def test_a_key_of_an_unusual_form_is_removed_too(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "plain.word")
    with FaultServer(script=["401"]) as server:
        engine = ChatOpenAI("m", base_url=server.url)
        with pytest.raises(BrokenSystem) as caught:
            engine.complete(MESSAGES, Sampling())
    assert "plain.word" not in texts_of(caught) + repr(engine) + str(engine)
    assert "OPENAI_API_KEY" in str(caught.value)


def test_credentials_in_the_base_url_are_sent_but_never_printed():
    with FaultServer(script=["404"]) as server:
        url = server.url.replace("http://", "http://user:hush%21hush@")
        engine = ChatOpenAI("m", base_url=url)
        with pytest.raises(BrokenSystem) as caught:
            engine.complete(MESSAGES, Sampling())
        assert server.requests[0].headers["authorization"].startswith("Basic ")
    assert engine.endpoint == engine.base_url == server.url
    assert "hush" not in texts_of(caught) + repr(engine)
