"""Runs with the real comet_ml: its offline archive, and online with a rejected key or without connection."""

import json
import threading
import time
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import toy

import main

comet_ml = pytest.importorskip("comet_ml")
KEY = "wrongkey0123456789abcdefg"


def run(tmp_path, *more: str) -> dict:
    """Run main.py and return its results."""
    options = toy.options(tmp_path, "--comet_log_path", str(tmp_path / "comet"), *more)
    assert main.main(options) == main.EXIT_OK
    return json.loads((tmp_path / "logs" / "run" / "results.json").read_text())


def test_the_offline_archive_contains_metrics_parameters_and_prompts_but_no_key(tmp_path, monkeypatch):
    monkeypatch.setenv("COMET_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-never-in-an-archive")
    results = run(tmp_path, "--comet_mode", "offline")
    (path,) = (tmp_path / "comet").glob("*.zip")
    with zipfile.ZipFile(path) as archive:
        lines = archive.read("messages.json").decode().splitlines()
        contents = b"\n".join(archive.read(name) for name in archive.namelist())
    messages = [json.loads(line)["payload"] for line in lines]
    metrics = {message["metric"]["metricName"] for message in messages if message.get("metric")}
    clients = range(3)
    assert {"validation_acc"} | {f"client_{n}_train_acc" for n in clients} | {
        f"client_{n}_updated_train_acc" for n in clients
    } <= metrics
    validation = {
        message["metric"]["step"]: float(message["metric"]["metricValue"])
        for message in messages
        if message.get("metric") and message["metric"]["metricName"] == "validation_acc"
    }
    expected = {each["round"]: each["validation"]["mean"]["value"] for each in results["rounds"]}
    assert validation == pytest.approx(expected) and 0 in validation
    text = json.dumps(messages)
    for name in ("batch_size", "aggregate_method", "test_engine", "seed", *results["metrics"]):
        assert f'"{name}' in text
    for prompt in results["prompts"].values():
        assert prompt.encode() in contents
    assert KEY.encode() not in contents and b"sk-never-in-an-archive" not in contents


class _Refusing(BaseHTTPRequestHandler):
    """Answers as comet.com does for an unknown key."""

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = json.dumps({"msg": f"Invalid API key: {KEY}", "code": 403, "sdk_error_code": 0}).encode()
        self.send_response(401)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST

    def log_message(self, *args):
        pass


@pytest.fixture(params=["rejected key", "unreachable"])
def comet_com(request, monkeypatch):
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Refusing)
    monkeypatch.setenv("COMET_URL_OVERRIDE", f"http://127.0.0.1:{server.server_port}/clientlib/")
    monkeypatch.setenv("COMET_API_KEY", KEY)
    if request.param == "unreachable":
        server.server_close()
        yield
        return
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield
    server.shutdown()
    server.server_close()


def test_a_run_without_comet_completes_and_prints_one_line(tmp_path, comet_com, capsys):
    started = time.monotonic()
    results = run(tmp_path, "--comet_mode", "online")
    assert time.monotonic() - started < 60
    assert results["status"] == "complete"
    printed = capsys.readouterr()
    lines = [line for line in printed.out.splitlines() if line.startswith("comet ")]
    assert len(lines) == 1 and "comet.com" in lines[0]
    assert KEY not in printed.out + printed.err and "Traceback" not in printed.err
