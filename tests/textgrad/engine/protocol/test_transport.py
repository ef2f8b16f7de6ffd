"""Requests to real sockets: addresses, connections, faults, redirects, proxies, certificates."""

import gzip
import shutil
import socket
import ssl
import subprocess
import threading

import pytest
from fault_server import Fault, FaultServer

from textgrad.engine.base import Sampling
from textgrad.engine.openai import AzureChatOpenAI, ChatOpenAI
from textgrad.engine.protocol.transport import proxy_of
from textgrad.errors import BrokenSystem, ContextExceeded, TransientError, UsageError

KEY = "sk-marked-0123456789abcdef"
MESSAGES = [{"role": "user", "content": "How many?"}]
ELSEWHERE = "http://endpoint.example/v1"


def ask(engine) -> str:
    return engine.complete(MESSAGES, Sampling()).text


def engine_of(server: FaultServer, **options) -> ChatOpenAI:
    return ChatOpenAI("m", base_url=server.url, api_key=KEY, **options)


def test_all_requests_have_the_same_url_and_headers(monkeypatch):
    monkeypatch.setenv("OPENAI_ORG_ID", "org-1")
    with FaultServer() as server:
        engine = engine_of(server)
        texts = {ask(engine), ask(engine)}
    for seen in server.requests:
        assert seen.headers["authorization"] == f"Bearer {KEY}" and seen.headers["content-type"] == "application/json"
        assert seen.headers["openai-organization"] == "org-1" and seen.headers["user-agent"] == "FedTextGrad"
    assert len(texts) == 1


def test_requests_to_azure_have_its_address_and_key(monkeypatch):
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
    "fault, message",
    [
        ("drop", "connection was lost"),
        ("reset", "connection was lost"),
        ("hang", "no response within 0.5 s"),
        ("drip", "no response within 0.5 s"),
        ("500", "HTTP 500"),
        ("429", "HTTP 429"),
        ("html", "not a JSON object"),
    ],
)
def test_a_fault_is_reported_equally_in_the_first_and_in_later_requests(fault, message, answered):
    with FaultServer(script=[None] * answered + [fault]) as server:
        engine = engine_of(server, request_timeout=0.5)
        for _ in range(answered):
            ask(engine)
        with pytest.raises(TransientError, match=message):
            ask(engine)
        assert ask(engine)


def test_a_connection_that_the_server_has_closed_is_not_reused():
    with FaultServer() as server:
        engine = engine_of(server)
        ask(engine)
        address = server._address
        server._hang_up()
        server._listen(address)
        assert ask(engine)
        assert len(server.requests) == 2 and server.connections == 2


def test_a_connection_is_not_kept_if_the_server_announces_to_close_it():
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


def test_a_chunked_body_is_reassembled():
    answer = b'{"choices": [{"message": {"content": "in pieces"}}]}'
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in (answer[:9], answer[9:])) + b"0\r\n\r\n"
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    with Scripted([head + chunks] * 2 + [head + chunks[:-20]]) as url:
        engine = ChatOpenAI("m", base_url=url, api_key=KEY)
        assert [ask(engine), ask(engine)] == ["in pieces"] * 2
        with pytest.raises(TransientError, match="connection was lost"):
            ask(engine)


def head(status: str, body: bytes, *more: str) -> bytes:
    """Return the bytes of a response."""
    lines = (f"HTTP/1.1 {status}", "Content-Type: application/json", f"Content-Length: {len(body)}", *more)
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def saying(text: str) -> bytes:
    return b'{"choices": [{"message": {"content": "%s"}}]}' % text.encode()


def test_an_interim_response_is_skipped():
    interim = b"HTTP/1.1 100 Continue\r\n\r\n"
    with Scripted([interim + head("200 OK", saying(f"reply {number}")) for number in range(3)]) as url:
        engine = ChatOpenAI("m", base_url=url, api_key=KEY)
        assert [ask(engine) for _ in range(3)] == ["reply 0", "reply 1", "reply 2"]


@pytest.mark.parametrize("status", ["101 Switching Protocols", "103 Early Hints"])
def test_after_an_unexpected_status_the_connection_is_not_reused(status):
    """The final response may follow, and must not become the reply to the next request."""
    early = f"HTTP/1.1 {status}\r\nUpgrade: h2c\r\n\r\n".encode()
    with Scripted([early + head("200 OK", saying("reply to the first request"))]) as url:
        engine = ChatOpenAI("m", base_url=url, api_key=KEY, request_timeout=1)
        with pytest.raises(TransientError, match=status[:3]):
            ask(engine)
        with pytest.raises(TransientError, match="no response within"):  # the server accepts one connection only
            ask(engine)


@pytest.mark.parametrize("answered", [0, 1])
def test_an_error_that_arrives_before_the_whole_request_is_sent_is_read(answered):
    refusal = head("413 Payload Too Large", b'{"error": {"message": "too large"}}', "Connection: close")
    with Scripted([head("200 OK", saying("ok"))] * answered + [refusal], patient=False) as url:
        engine = ChatOpenAI("m", base_url=url, api_key=KEY)
        for _ in range(answered):
            ask(engine)
        with pytest.raises(ContextExceeded, match="too large"):
            engine.complete([{"role": "user", "content": "word " * 4_000_000}], Sampling())


def test_compressed_responses_and_unusual_headers_are_read():
    packed = gzip.compress(saying("small"))
    with Scripted(
        [head("200 OK", packed, "Content-Encoding: gzip", "X-Name: Z\u00fcrich")] * 2
        + [head("200 OK", packed[:-30], "Content-Encoding: gzip")]
    ) as url:
        engine = ChatOpenAI("m", base_url=url, api_key=KEY)
        assert [ask(engine), ask(engine)] == ["small", "small"]
        with pytest.raises(TransientError):
            ask(engine)


def test_the_proxy_in_the_environment_is_used_with_its_password(monkeypatch):
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


def test_hosts_in_no_proxy_are_reached_directly(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "endpoint.example,inner:8000,[::1]:8000")
    for host in ("endpoint.example", "sub.endpoint.example", "inner:8000", "[::1]:8000"):
        assert proxy_of(f"http://{host}/v1") is None
    for host in ("other.example", "inner:8001"):
        assert proxy_of(f"http://{host}/v1") == "http://127.0.0.1:9"


def test_a_socks_proxy_is_used(monkeypatch):
    accepted = b"\x05\x00" + b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00" + head("200 OK", saying("by SOCKS"))
    with Scripted([accepted[:2], accepted[2:12], accepted[12:]]) as url:
        monkeypatch.setenv("ALL_PROXY", url.replace("http", "socks5h"))
        assert ask(ChatOpenAI("m", base_url=ELSEWHERE, api_key=KEY)) == "by SOCKS"
    assert b"endpoint.example" in Scripted.received[1]  # the proxy resolves the name


@pytest.mark.parametrize("proxy", ["ftp://me:secret@127.0.0.1:9", "http://me:secret@[", "http://me:secret@x:port"])
def test_an_invalid_proxy_is_reported_without_its_password(monkeypatch, proxy):
    monkeypatch.setenv("HTTP_PROXY", proxy)
    with pytest.raises(UsageError, match="HTTP_PROXY") as caught:
        ask(ChatOpenAI("m", base_url=ELSEWHERE, api_key=KEY))
    assert "secret" not in str(caught.value)


def test_a_connection_timeout_is_reported(monkeypatch):
    def create_connection(*args, **kwargs):
        raise TimeoutError("timed out")

    monkeypatch.setattr("urllib3.util.connection.create_connection", create_connection)
    with pytest.raises(TransientError, match="connection timed out") as caught:
        ask(ChatOpenAI("m", base_url="http://127.0.0.1:9/v1", api_key=KEY))
    assert caught.value.refused


def test_a_reply_may_take_longer_than_a_connection(monkeypatch):
    monkeypatch.setattr("textgrad.engine.protocol.transport._CONNECT_TIMEOUT", 0.3)
    with FaultServer(latency=1.0) as server:
        assert [ask(engine_of(server, request_timeout=20)) for _ in range(2)]


@pytest.mark.skipif(not shutil.which("openssl"), reason="needs openssl to create a certificate")
def test_https_requires_a_trusted_certificate(monkeypatch, tmp_path):
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
        with pytest.raises(BrokenSystem, match="certificate not trusted"):
            ask(ChatOpenAI("m", base_url=url, api_key=KEY))
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        engine = ChatOpenAI("m", base_url=url, api_key=KEY)
        assert ask(engine) and ask(engine)
    assert len(server.requests) == 2 and len({seen.connection for seen in server.requests}) == 1


class Scripted:
    """A server that sends scripted bytes to each request on its only connection, then closes it.

    Args:
        answers: bytes to send, per request.
        patient: False to send the last answer as soon as the first bytes of its request arrive.
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
