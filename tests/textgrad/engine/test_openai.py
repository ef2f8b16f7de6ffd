"""`ChatOpenAI` with a real HTTP server that produces faults on demand."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from fault_server import FAULTS, Fault, FaultServer, error

from textgrad.concurrency import fan_out
from textgrad.engine.base import Sampling
from textgrad.engine.calls.gateway import Gateway
from textgrad.engine.local_model_openai_api import ChatExternalClient
from textgrad.engine.openai import AzureChatOpenAI, ChatOpenAI
from textgrad.errors import BrokenSystem, ContextExceeded, TransientError, UsageError

KEY = "sk-marked-0123456789abcdef"
MESSAGES = [{"role": "system", "content": "Count."}, {"role": "user", "content": "How many?"}]


def ask(server: FaultServer, sampling: Sampling = Sampling(), messages=MESSAGES, **options):
    return ChatOpenAI("m", base_url=server.url, api_key=KEY, **options).complete(messages, sampling)


def refuse(*parameters: str):
    """Return the policy of a server that rejects these parameters."""

    def policy(request, index):
        for name in parameters:
            if name in request:
                return Fault(
                    400,
                    error(
                        f"Unsupported parameter: '{name}' is not supported with this model.",
                        param=name,
                        code="unsupported_parameter",
                    ),
                )

    return policy


def test_a_reply_has_text_and_token_counts():
    with FaultServer() as server:
        reply = ask(server)
    assert (reply.text, reply.finish_reason, reply.flaw) == ("You said: How many?", "stop", None)
    assert (reply.prompt_tokens, reply.completion_tokens) == (3, 4)


def test_the_request_contains_the_sampling_parameters_and_no_penalties():
    with FaultServer() as server:
        ask(server, Sampling(temperature=0.5, top_p=0.9, max_tokens=7, seed=3))
        ask(server)
        first, second = (seen.json for seen in server.requests)
    assert first == {"model": "m", "messages": MESSAGES, "temperature": 0.5, "top_p": 0.9, "max_tokens": 7, "seed": 3}
    assert "seed" not in second


@pytest.mark.parametrize(
    "fault",
    [
        "429",
        "429-retry-after",
        "429-date",
        "429-reset",
        "500",
        "502",
        "503",
        "529",
        "drop",
        "reset",
        "hang",
        "html",
        "no-choices",
        "empty-choices",
        "error-in-200",
    ],
)
def test_temporary_faults_raise_transient_errors(fault):
    with FaultServer(script=[fault]) as server, pytest.raises(TransientError) as caught:
        ask(server, request_timeout=0.5 if fault == "hang" else 30)
    assert len(server.requests) == 1  # only the limiter retries
    assert caught.value.rate_limited == fault.startswith("429")
    assert caught.value.malformed == (fault in ("html", "no-choices", "empty-choices"))
    assert not caught.value.refused


@pytest.mark.parametrize(
    "fault, low, high", [("429-retry-after", 1.0, 1.0), ("429-date", 0.1, 1.5), ("429-reset", 62.5, 62.5)]
)
def test_the_retry_delay_of_the_server_is_reported(fault, low, high):
    with FaultServer(script=[fault]) as server, pytest.raises(TransientError) as caught:
        ask(server)
    assert low <= caught.value.retry_after <= high


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/v1", "http://no-such-host.invalid/v1"])
def test_an_unreachable_server_is_reported_as_refused(url):
    with pytest.raises(TransientError) as caught:
        ChatOpenAI("m", base_url=url, api_key=KEY).complete(MESSAGES, Sampling())
    assert caught.value.refused


@pytest.mark.parametrize("fault, status", [("400", 400), ("401", 401), ("403", 403), ("404", 404), ("429-quota", 429)])
def test_permanent_errors_name_engine_endpoint_status_and_cause(fault, status):
    with FaultServer(script=[fault]) as server, pytest.raises(BrokenSystem) as caught:
        ask(server)
    line = str(caught.value)
    assert "engine m" in line and server.url in line and f"HTTP {status}" in line and "\n" not in line
    cause = FAULTS[fault]({"messages": MESSAGES}, {}).body["error"]["message"]
    assert cause[:20] in line


def test_a_request_that_is_too_long_raises_context_exceeded():
    with FaultServer(script=["context"]) as server, pytest.raises(ContextExceeded):
        ask(server)


@pytest.mark.parametrize(
    "fault, flaw",
    [
        ("empty", "empty"),
        ("null", "empty"),
        ("whitespace", "empty"),
        ("content-filter", "filtered"),
        ("truncated", "truncated"),
    ],
)
def test_unusable_replies_have_a_flaw(fault, flaw):
    with FaultServer(script=[fault]) as server:
        assert ask(server).flaw == flaw


def test_a_request_rejected_by_a_content_filter_is_a_filtered_reply():
    body = error("The response was filtered due to Azure's content management policy.", code="content_filter")
    with FaultServer(script=[Fault(400, body)]) as server:
        assert ask(server).flaw == "filtered"


def test_the_limiter_recovers_from_all_temporary_faults():
    faults = ["500", "drop", "reset", "529", "error-in-200", "html"]
    with FaultServer(script=faults) as server:
        route = Gateway().route(ChatOpenAI("m", base_url=server.url, api_key=KEY), "test")
        assert fan_out(route.generate, list("abcdef")) == [f"You said: {letter}" for letter in "abcdef"]
    assert len(server.requests) == 2 * len(faults)


def test_the_limiter_waits_for_a_server_that_is_briefly_down():
    with FaultServer(script=[None, "refuse"], refuse=0.7) as server:
        route = Gateway().route(ChatOpenAI("m", base_url=server.url, api_key=KEY), "test")
        assert [route.generate("a"), route.generate("b")] == ["You said: a", "You said: b"]


def test_a_refused_parameter_is_dropped_from_all_later_requests():
    with FaultServer(policy=refuse("max_tokens", "temperature", "seed")) as server:
        engine = ChatOpenAI("m", base_url=server.url, api_key=KEY)
        for _ in range(3):
            assert engine.complete(MESSAGES, Sampling(seed=1, max_tokens=9)).text
    assert engine.dropped == {"max_tokens", "temperature", "seed"}
    assert len(server.requests) == 3 + 3  # each refusal cost one request, once
    last = server.requests[-1].json
    assert set(last) == {"model", "messages", "top_p", "max_completion_tokens"} and last["max_completion_tokens"] == 9


def test_dropped_parameters_belong_to_one_engine():
    with FaultServer(policy=refuse("temperature")) as server:
        first, second = (ChatOpenAI("m", base_url=server.url, api_key=KEY) for _ in range(2))
        first.complete(MESSAGES, Sampling())
    assert first.dropped == {"temperature"} and second.dropped == set()


def test_concurrent_callers_all_get_replies_while_parameters_are_dropped():
    with FaultServer(policy=refuse("max_tokens", "top_p"), latency=0.02) as server:
        engine = ChatOpenAI("m", base_url=server.url, api_key=KEY)
        with ThreadPoolExecutor(16) as pool:
            replies = list(pool.map(lambda _: engine.complete(MESSAGES, Sampling()).text, range(32)))
    assert set(replies) == {"You said: How many?"}


def test_a_parameter_out_of_range_is_an_error_and_is_not_dropped():
    fault = Fault(400, error("Invalid 'temperature': must be between 0 and 2.", param="temperature"))
    with FaultServer(policy=lambda request, index: fault) as server:
        engine = ChatOpenAI("m", base_url=server.url, api_key=KEY)
        with pytest.raises(BrokenSystem):
            engine.complete(MESSAGES, Sampling(temperature=5))
    assert engine.dropped == set() and len(server.requests) == 1


def test_a_model_without_a_system_role_gets_the_system_prompt_in_the_user_message():
    def policy(request, index):
        if request["messages"][0]["role"] == "system":
            return Fault(400, error("System role not supported"))

    with FaultServer(policy=policy) as server:
        assert ask(server).text == "You said: Count. How many?".replace(". ", ".\n\n")
        assert [message["role"] for message in server.requests[-1].json["messages"]] == ["user"]


@pytest.mark.parametrize(
    "message", ["Conversation roles must alternate user/assistant/...", "Only user and assistant!"]
)
def test_the_system_prompt_moves_for_good_and_the_user_is_told_why(message):
    def policy(request, index):
        if request["messages"][0]["role"] == "system":
            return Fault(400, error(f"{message} (role error)"))

    lines = []
    with FaultServer(policy=policy) as server:
        route = Gateway(warn=lines.append).route(ChatOpenAI("m", base_url=server.url, api_key=KEY))
        assert [route(text, system_prompt="Count.") for text in "ab"] == [
            "You said: Count.\n\na",
            "You said: Count.\n\nb",
        ]
        assert len(server.requests) == 3
    assert lines == [
        f"m at {server.url}: the system prompt is sent in the user message, because the endpoint said: "
        f"{message} (role error)"
    ]


def test_a_system_role_that_is_not_the_reason_is_not_dropped():
    fault = Fault(400, error("The role of this key is wrong."))
    with FaultServer(policy=lambda request, index: fault) as server:
        engine = ChatOpenAI("m", base_url=server.url, api_key=KEY)
        with pytest.raises(BrokenSystem, match="The role of this key is wrong"):
            engine.complete(MESSAGES, Sampling())
    assert engine.dropped == set() and len(server.requests) == 2


def test_max_tokens_is_reduced_to_the_room_in_the_context():
    def policy(request, index):
        if request["max_tokens"] > 412:
            return Fault(
                400,
                error(
                    "This model's maximum context length is 512 tokens. However, you requested 2100 "
                    "tokens (100 in the messages, 2000 in the completion)."
                ),
            )

    with FaultServer(policy=policy) as server:
        assert ask(server).text == "You said: How many?"
    assert [seen.json["max_tokens"] for seen in server.requests] == [2000, 412]


def test_an_image_is_sent_as_a_data_url():
    messages = [{"role": "user", "content": ["What is it?", b"\x89PNG\r\n\x1a\n..."]}]
    with FaultServer() as server:
        ask(server, messages=messages, is_multimodal=True)
    text, image = server.requests[0].json["messages"][0]["content"]
    assert text == {"type": "text", "text": "What is it?"}
    assert image["image_url"]["url"].startswith("data:image/png;base64,iVBORw0K")


def test_the_error_for_an_image_sent_to_a_text_only_model_names_the_fix():
    with FaultServer() as server, pytest.raises(UsageError, match="accepts text only.*is_multimodal=True"):
        ask(server, messages=[{"role": "user", "content": ["What is it?", b"\x89PNG\r\n\x1a\n..."]}])


def test_one_connection_is_reused_for_many_calls():
    with FaultServer() as server:
        engine = ChatOpenAI("m", base_url=server.url, api_key=KEY)
        for _ in range(20):
            engine.complete(MESSAGES, Sampling())
    assert server.connections == 1


def test_concurrent_calls_reuse_their_connections():
    all_callers = threading.Barrier(40, timeout=60)  # no reply is sent before all requests have arrived
    with FaultServer(reply=lambda request: str(all_callers.wait())) as server:
        engine = ChatOpenAI("m", base_url=server.url, api_key=KEY)
        for _ in range(2):
            fan_out(lambda _: engine.complete(MESSAGES, Sampling()), range(40))
    assert server.peak_in_flight == 40
    assert server.connections == 40  # the second fan_out reused the connections of the first


def test_a_proxy_is_not_used_for_servers_on_this_machine(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    with FaultServer() as server:
        assert ask(server).text


def test_openai_requires_an_api_key():
    with pytest.raises(ValueError, match="OPENAI_API_KEY"):
        ChatOpenAI()


def test_a_key_with_a_line_break_is_rejected_without_printing_it(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "abc\ndef")
    with pytest.raises(UsageError, match="OPENAI_API_KEY") as caught:
        ChatOpenAI()
    assert "abc" not in str(caught.value)


@pytest.mark.parametrize("url", ["localhost:8000/v1", "ftp://x/v1", "http://", "http://[", "http://x:abc/v1"])
def test_an_invalid_base_url_is_rejected(url):
    with pytest.raises(UsageError, match="base URL"):
        ChatOpenAI("m", base_url=url, api_key=KEY)


def test_the_environment_is_read_when_the_engine_is_created(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("BASE_URL", "https://a.example/v1/")
    assert ChatOpenAI("m").endpoint == "https://a.example/v1"
    monkeypatch.setenv("OPENAI_BASE_URL", "https://b.example/v1")
    assert ChatOpenAI("m").endpoint == "https://b.example/v1"


def test_azure_uses_its_own_url_key_and_version(monkeypatch):
    with pytest.raises(UsageError, match="AZURE_OPENAI_API_BASE"):
        AzureChatOpenAI("deployed")
    with FaultServer() as server:
        monkeypatch.setenv("AZURE_OPENAI_API_BASE", server.url.removesuffix("/v1"))
        monkeypatch.setenv("AZURE_OPENAI_API_KEY", KEY)
        monkeypatch.setenv("AZURE_OPENAI_API_VERSION", "2030-01-01")
        assert AzureChatOpenAI("deployed").complete(MESSAGES, Sampling()).text
        headers = server.requests[0].headers
    assert headers["api-key"] == KEY
    assert headers[":path"] == "/openai/deployments/deployed/chat/completions?api-version=2030-01-01"


def test_a_custom_client_is_used_without_its_retries():
    import openai

    with FaultServer(script=["500"]) as server:
        client = openai.OpenAI(base_url=server.url, api_key=KEY, default_headers={"X-Mine": "yes"})
        engine = ChatExternalClient(client, "m")
        with pytest.raises(TransientError):
            engine.complete(MESSAGES, Sampling())
        assert engine.complete(MESSAGES, Sampling()).text
    assert [seen.headers["x-mine"] for seen in server.requests] == ["yes", "yes"]
    assert engine.endpoint == server.url


def test_generate_works_outside_of_a_run():
    with FaultServer() as server:
        engine = ChatOpenAI("m", base_url=server.url, api_key=KEY, system_prompt="Be brief.")
        assert engine.generate("hi", temperature=0.7) == engine("hi") == "You said: hi"
        engine.generate("hi", system_prompt="Be long.")
    sent = [seen.json for seen in server.requests]
    assert [request["messages"][0]["content"] for request in sent] == ["Be brief.", "Be brief.", "Be long."]
    assert sent[0]["temperature"] == 0.7
