"""How requests reach an endpoint: the client's first one, those that follow it, and the connections of both."""

import gzip
import http.client
import shutil
import socket
import ssl
import subprocess
import threading

import pytest
from fault_server import Fault, FaultServer

from textgrad.concurrency import fan_out
from textgrad.engine.base import Sampling
from textgrad.engine.openai import AzureChatOpenAI, ChatOpenAI
from textgrad.engine.protocol import transport as connections
from textgrad.engine.protocol.transport import Origin
from textgrad.errors import BrokenSystem, ContextExceeded, TransientError, UsageError

KEY = "sk-marked-0123456789abcdef"
MESSAGES = [{"role": "user", "content": "How many?"}]
ELSEWHERE = "http://endpoint.example/v1"


def ask(engine) -> str:
    return engine.complete(MESSAGES, Sampling()).text


def engine_of(server: FaultServer, **options) -> ChatOpenAI:
    return ChatOpenAI("m", base_url=server.url, api_key=KEY, **options)


def without_client(monkeypatch) -> None:
    """From here on the `openai` client can send nothing."""
    import openai

    monkeypatch.setattr(openai.OpenAI, "post", lambda *args, **kwargs: pytest.fail("the client was used again"))


def test_later_requests_say_what_the_first_one_said_and_go_without_the_client(monkeypatch):
    with FaultServer() as server:
        engine = engine_of(server)
        texts = [ask(engine)]
        without_client(monkeypatch)
        texts += [ask(engine), ask(engine)]
    first, *later = server.requests
    for seen in later:
        assert seen.json == first.json
        assert seen.headers == {name: value for name, value in first.headers.items() if "stainless" not in name}
    assert first.headers["authorization"] == f"Bearer {KEY}" and len(set(texts)) == 1


def test_head_and_body_of_a_request_leave_together(monkeypatch):
    sent, send = [], http.client.HTTPConnection.send
    monkeypatch.setattr(http.client.HTTPConnection, "send", lambda self, data: (sent.append(data), send(self, data)))
    with FaultServer() as server:
        engine = engine_of(server)
        ask(engine), ask(engine)
    assert len(sent) == 2
    assert all(data.startswith(b"POST") and data.endswith(b"}") and data.count(b"\r\n\r\n") == 1 for data in sent)


def test_of_requests_that_come_together_one_goes_through_the_client_and_none_waits_for_its_answer(monkeypatch):
    import openai

    posts, post, together = [], openai.OpenAI.post, threading.Barrier(8)
    monkeypatch.setattr(openai.OpenAI, "post", lambda *args, **kwargs: posts.append(1) or post(*args, **kwargs))
    with FaultServer(reply=lambda request: str(together.wait(timeout=20))) as server:  # nobody before all are there
        engine = engine_of(server)
        assert sorted(fan_out(lambda _: ask(engine), range(8))) == sorted("01234567")
    assert posts == [1]


def test_a_first_request_that_the_client_cannot_make_leaves_it_to_the_next_to_be_the_first(monkeypatch):
    with FaultServer() as server:
        engine = engine_of(server)
        post, failures = engine.client.post, [OSError("no memory for it")]
        monkeypatch.setattr(
            engine.client,
            "post",
            lambda *args, **kwargs: raising(failures.pop()) if failures else post(*args, **kwargs),
        )
        with pytest.raises(TransientError, match="no memory"):
            ask(engine)
        assert len({ask(engine), ask(engine)}) == 1


def raising(error: BaseException):
    raise error


def test_later_requests_to_azure_keep_its_address_and_key(monkeypatch):
    with FaultServer() as server:
        monkeypatch.setenv("AZURE_OPENAI_API_BASE", server.url.removesuffix("/v1"))
        monkeypatch.setenv("AZURE_OPENAI_API_KEY", KEY)
        monkeypatch.setenv("AZURE_OPENAI_API_VERSION", "2030-01-01")
        engine = AzureChatOpenAI("deployed")
        for _ in range(2):
            ask(engine)
    assert {(seen.headers[":path"], seen.headers["api-key"]) for seen in server.requests} == {
        ("/openai/deployments/deployed/chat/completions?api-version=2030-01-01", KEY)
    }


@pytest.mark.parametrize("answered", [0, 1])
@pytest.mark.parametrize(
    "fault, told",
    [
        ("drop", "connection was lost"),
        ("reset", "connection was lost"),
        ("hang", "no answer within 0.5 s"),
        ("drip", "no answer within 0.5 s"),
        ("500", "HTTP 500"),
        ("429", "HTTP 429"),
        ("html", "no JSON"),
    ],
)
def test_a_fault_means_the_same_in_the_first_and_in_a_later_request(fault, told, answered):
    with FaultServer(script=[None] * answered + [fault]) as server:
        engine = engine_of(server, request_timeout=0.5)
        for _ in range(answered):
            ask(engine)
        with pytest.raises(TransientError, match=told):
            ask(engine)
        assert ask(engine)


def test_a_connection_that_the_server_has_closed_meanwhile_is_not_used_again():
    with FaultServer() as server:
        engine = engine_of(server)
        ask(engine)
        address = server._address
        server._hang_up()
        server._listen(address)
        assert ask(engine)
        assert len(server.requests) == 2 and server.connections == 2


def test_a_connection_that_the_server_says_it_closes_is_not_kept():
    with FaultServer(
        policy=lambda request, number: Fault(
            200, {"choices": [{"message": {"content": "ok"}}]}, {"Connection": "close"}
        )
    ) as server:
        engine = engine_of(server)
        assert [ask(engine) for _ in range(3)] == ["ok"] * 3
        assert server.connections == 3


@pytest.mark.parametrize("answered", [0, 1])
def test_redirects_are_followed(answered):
    with (
        FaultServer() as target,
        FaultServer(
            script=[None] * answered,
            policy=lambda request, number: Fault(307, "", {"Location": f"{target.url}/chat/completions"}),
        ) as server,
    ):
        engine = engine_of(server)
        for _ in range(answered + 1):
            assert ask(engine)
    assert len(target.requests) == 1


def test_a_body_in_chunks_is_put_together():
    answer = b'{"choices": [{"message": {"content": "in pieces"}}]}'
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in (answer[:9], answer[9:])) + b"0\r\n\r\n"
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    with Scripted([head + chunks] * 2 + [head + chunks[:-20]]) as url:
        engine = ChatOpenAI("m", base_url=url, api_key=KEY)
        assert [ask(engine), ask(engine)] == ["in pieces"] * 2
        with pytest.raises(TransientError, match="connection was lost"):
            ask(engine)


def head(status: str, body: bytes, *more: str) -> bytes:
    """An answer of these bytes."""
    lines = (f"HTTP/1.1 {status}", "Content-Type: application/json", f"Content-Length: {len(body)}", *more)
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def saying(text: str) -> bytes:
    return b'{"choices": [{"message": {"content": "%s"}}]}' % text.encode()


def test_heads_that_come_before_the_answer_are_passed_over_and_no_reply_goes_to_another_request():
    early = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    with Scripted([early + head("200 OK", saying(f"reply {number}")) for number in range(3)]) as url:
        engine = ChatOpenAI("m", base_url=url, api_key=KEY)
        assert [ask(engine) for _ in range(3)] == ["reply 0", "reply 1", "reply 2"]


def test_a_switch_of_protocols_is_no_answer():
    switch = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n"
    with Scripted([switch]) as url, pytest.raises(TransientError, match="101"):
        ask(ChatOpenAI("m", base_url=url, api_key=KEY))


@pytest.mark.parametrize("answered", [0, 1])
def test_a_refusal_that_comes_before_all_of_a_long_request_is_sent_is_read(answered):
    refusal = head("413 Payload Too Large", b'{"error": {"message": "too large"}}', "Connection: close")
    with Scripted([head("200 OK", saying("ok"))] * answered + [refusal], patient=False) as url:
        engine = ChatOpenAI("m", base_url=url, api_key=KEY)
        for _ in range(answered):
            ask(engine)
        with pytest.raises(ContextExceeded, match="too large"):
            engine.complete([{"role": "user", "content": "word " * 4_000_000}], Sampling())


def test_answers_that_were_compressed_unasked_and_odd_headers_can_be_read():
    packed = gzip.compress(saying("small"))
    with Scripted(
        [head("200 OK", packed, "Content-Encoding: gzip", "X-Name: Z\u00fcrich")] * 2
        + [head("200 OK", packed[:-9], "Content-Encoding: gzip")]
    ) as url:
        engine = ChatOpenAI("m", base_url=url, api_key=KEY)
        assert [ask(engine), ask(engine)] == ["small", "small"]
        with pytest.raises(TransientError, match="decompressed"):
            ask(engine)


def test_the_environments_proxy_is_gone_through_with_its_password(monkeypatch):
    with FaultServer() as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url.removesuffix("/v1").replace("//", "//me:p%40ss@"))
        engine = ChatOpenAI("m", base_url=ELSEWHERE, api_key=KEY)
        assert ask(engine) and ask(engine)
    for seen in proxy.requests:
        assert seen.headers[":path"] == f"{ELSEWHERE}/chat/completions" and seen.headers["host"] == "endpoint.example"
        assert seen.headers["proxy-authorization"] == "Basic bWU6cEBzcw=="
    assert proxy.connections == 1


def test_an_https_endpoint_behind_a_proxy_gets_a_tunnel(monkeypatch):
    with Scripted([b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"]) as url:
        monkeypatch.setenv("HTTPS_PROXY", url)
        engine = ChatOpenAI("m", base_url="https://endpoint.example/v1", api_key=KEY)
        with pytest.raises(TransientError, match="403"):
            ask(engine)
    assert (
        Scripted.received[0].startswith(b"CONNECT endpoint.example:443 ") and KEY.encode() not in Scripted.received[0]
    )


def test_no_proxy_is_gone_through_for_hosts_that_need_none(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "endpoint.example,inner:8000,[::1]:8000")
    for host, port in (("endpoint.example", 80), ("sub.endpoint.example", 80), ("inner", 8000), ("::1", 8000)):
        assert connections._proxy(Origin("http", host, port)) is None
    for host, port in (("other.example", 80), ("inner", 8001)):
        assert connections._proxy(Origin("http", host, port)).address == ("127.0.0.1", 9)


@pytest.mark.parametrize("proxy", ["socks5://me:secret@127.0.0.1:9", "http://me:secret@[", "http://me:secret@x:port"])
def test_a_proxy_that_cannot_be_used_is_told_without_its_password(monkeypatch, proxy):
    monkeypatch.setenv("HTTP_PROXY", proxy)
    with pytest.raises(UsageError, match="HTTP_PROXY") as caught:
        ask(ChatOpenAI("m", base_url=ELSEWHERE, api_key=KEY))
    assert "secret" not in str(caught.value)


def test_no_connection_in_time_is_told_as_that(monkeypatch):
    def connect(self):
        raise TimeoutError("timed out")

    monkeypatch.setattr(http.client.HTTPConnection, "connect", connect)
    with pytest.raises(TransientError, match="no connection in time") as caught:
        ask(ChatOpenAI("m", base_url="http://127.0.0.1:9/v1", api_key=KEY))
    assert caught.value.refused


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl, to make a certificate, is not installed")
def test_https_is_spoken_with_those_that_are_trusted_alone(monkeypatch, tmp_path):
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=localhost",
            "-addext",
            "subjectAltName=DNS:localhost",
            "-keyout",
            key,
            "-out",
            certificate,
        ],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with FaultServer() as server:
        server._http.socket = context.wrap_socket(server._http.socket, server_side=True)
        url = f"https://localhost:{server._address[1]}/v1"
        with pytest.raises(BrokenSystem, match="certificate is not trusted"):
            ask(ChatOpenAI("m", base_url=url, api_key=KEY))
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        engine = ChatOpenAI("m", base_url=url, api_key=KEY)
        assert ask(engine) and ask(engine)
    assert len(server.requests) == 2 and len({seen.connection for seen in server.requests}) == 1


class Scripted:
    """A server that gives the next of some answers, byte for byte, to each request; then it hangs up.

    Args:
        answers: the bytes.
        patient: False to give the last answer when the first bytes of its request are there.
    """

    received: list[bytes] = []

    def __init__(self, answers: list[bytes], patient: bool = True):
        self.answers, self.patient = answers, patient
        self.listener = socket.create_server(("127.0.0.1", 0))
        Scripted.received = []

    def __enter__(self) -> str:
        threading.Thread(target=self._serve, daemon=True).start()
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    def __exit__(self, *error) -> None:
        self.listener.close()

    def _serve(self) -> None:
        connection, _ = self.listener.accept()
        with connection:
            for left, answer in reversed(list(enumerate(reversed(self.answers)))):
                Scripted.received.append(connection.recv(1 << 16))
                while (self.patient or left) and Scripted.received[-1].startswith(b"POST") and not self._is_whole():
                    Scripted.received[-1] += connection.recv(1 << 16)
                connection.sendall(answer)

    def _is_whole(self) -> bool:
        head, _, body = Scripted.received[-1].lower().partition(b"\r\n\r\n")
        return len(body) >= int(head.partition(b"content-length:")[2].partition(b"\r\n")[0] or 1)
