"""The local server of reports and call browsers."""

import http.client
import json
import threading

import pytest
import toy

import main
from textgrad.errors import UsageError
from utils.report.__main__ import main as report
from utils.report.browser.server import open_server


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    folder = tmp_path_factory.mktemp("served")
    for name in ("run", "other"):
        assert main.main(toy.options(folder, "--run_name", name)) == 0
    (folder / "secret.html").write_text("outside")
    (folder / "logs" / "link.html").symlink_to(folder / "secret.html")
    server = open_server(folder / "logs", 0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


def get(port, path, host=None, method="GET"):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request(method, path, headers={"Host": host or f"127.0.0.1:{port}"})
    reply = connection.getresponse()
    return reply.status, reply.read().decode(), reply.headers


def test_reports_browsers_documents_and_comparisons_are_served(served):
    for path, content in (
        ("/", "globalThis.SERVED = true"),
        ("/run/report.html", "Origin of the best prompt"),
        ("/run/calls.html", "all calls"),
        ("/run/figures/accuracy.svg", "<svg"),
        ("/compare?run=run&run=other", "Comparison of runs"),
    ):
        status, body, headers = get(served, path)
        assert status == 200 and content in body, path
        assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    status, body, _ = get(served, "/run/data/overview")
    assert status == 200 and json.loads(body)["run"]["name"] == "run"
    step = json.loads(get(served, "/run/data/step/1/0/1")[1])
    assert len(step["questions"]) == step["event"]["n"]


def test_the_served_browser_embeds_nothing(served):
    assert 'type="application/octet-stream"></script>' in get(served, "/run/calls.html")[1]


@pytest.mark.parametrize(
    "path",
    [
        *("/run/calls.sqlite", "/run/config.json", "/run/prompts/initial.txt", "/run/", "/none/report.html"),
        *("/../secret.html", "/%2e%2e/secret.html", "/link.html", "//etc/passwd", "/run/%00/report.html"),
        *(
            "/run/data/none",
            "/..%2f/data/overview",
            "/none/data/overview",
            "/compare?run=run",
            "/compare?run=../x&run=run",
        ),
    ],
)
def test_other_files_and_paths_outside_the_folder_are_refused(served, path):
    status, body, _ = get(served, path)
    assert status == 404 and "outside" not in body and "Traceback" not in body


@pytest.mark.parametrize("host", ["example.com", "example.com:80", "127.0.0.1", "localhost"])
def test_other_host_names_are_refused(served, host):
    assert get(served, "/run/report.html", host)[0] == 403
    assert get(served, "/run/report.html", f"localhost:{served}")[0] == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_nothing_can_be_written(served, method):
    assert get(served, "/run/report.html", method=method)[0] == 501


def test_it_listens_on_this_machine_only(tmp_path):
    with open_server(tmp_path, 0) as server:
        assert server.server_address[0] == "127.0.0.1"


def test_a_wrong_folder_or_a_taken_port_is_one_line(tmp_path, served, capsys):
    with pytest.raises(UsageError, match="does not exist: name a folder of runs"):
        open_server(tmp_path / "none", 0)
    for arguments, message in (
        (["serve", str(tmp_path), "--port", str(served)], f"cannot serve on port {served}"),
        (["serve", str(tmp_path), "--port", "70000"], "--port"),
    ):
        assert report(arguments) == 2
        lines = capsys.readouterr().err.splitlines()
        assert len(lines) == 1 and message in lines[0]
