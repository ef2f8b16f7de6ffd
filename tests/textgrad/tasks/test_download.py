"""Download a file: complete and checked, or not at all."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from textgrad.errors import BrokenSystem
from textgrad.tasks.download import cache_folder, download

CONTENT = b"x" * 200_000


class Handler(BaseHTTPRequestHandler):
    """Serves /complete, /unsized (no Content-Length), /short (half of the announced bytes) and /odd?SIZE; else 404."""

    def do_GET(self):
        path, _, size = self.path.partition("?")
        self.send_response(200 if path in ("/complete", "/unsized", "/short", "/odd") else 404)
        if path == "/odd":
            self.send_header("Content-Length", size)
        elif path != "/unsized":
            self.send_header("Content-Length", str(len(CONTENT) * (2 if self.path == "/short" else 1)))
        self.end_headers()
        self.wfile.write(CONTENT)

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def server():
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


def reject(content):
    raise ValueError("it is all x")


@pytest.mark.parametrize("path", ["complete", "unsized"])
def test_a_download_is_complete_and_creates_its_folder(server, tmp_path, path):
    target = tmp_path / "new" / "file"
    download(f"{server}/{path}", target, lambda content: None)
    assert target.read_bytes() == CONTENT
    assert [entry.name for entry in target.parent.iterdir()] == ["file"]


def test_progress_is_shown(server, tmp_path, capfd):
    download(f"{server}/complete", tmp_path / "data.json", lambda content: None)
    assert "downloading data.json" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("path", "check", "reason"),
    [
        ("short", lambda content: None, "of 400000 bytes arrived|IncompleteRead"),
        ("odd?many", lambda content: None, "the server announced 'many' bytes"),
        ("odd?-5", lambda content: None, "the server announced '-5' bytes"),
        ("odd?1_000", lambda content: None, "the server announced '1_000' bytes"),
        ("missing", lambda content: None, "Not Found"),
        ("complete", reject, "it is all x"),
    ],
)
def test_a_failed_download_leaves_no_files(server, tmp_path, path, check, reason):
    with pytest.raises(BrokenSystem, match=reason) as raised:
        download(f"{server}/{path}", tmp_path / "file", check)
    assert "\n" not in str(raised.value)
    assert list(tmp_path.iterdir()) == []


def test_a_failed_download_keeps_the_old_file(server, tmp_path):
    (tmp_path / "file").write_text("old")
    with pytest.raises(BrokenSystem):
        download(f"{server}/complete", tmp_path / "file", reject)
    assert [(entry.name, entry.read_text()) for entry in tmp_path.iterdir()] == [("file", "old")]


def test_an_unreachable_address_and_an_unwritable_folder_are_one_line_errors(server, tmp_path):
    with pytest.raises(BrokenSystem, match="refused"):
        download("http://127.0.0.1:1/x", tmp_path / "file", lambda content: None)
    (tmp_path / "occupied").write_text("a file, no folder")
    with pytest.raises(BrokenSystem, match="occupied"):
        download(f"{server}/complete", tmp_path / "occupied" / "file", lambda content: None)


def test_the_cache_folder_follows_xdg_cache_home(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "textgrad"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder() == tmp_path / ".cache" / "textgrad"
