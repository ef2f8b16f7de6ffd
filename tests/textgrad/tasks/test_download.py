"""Fetching a file: whole and checked, or not at all."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from textgrad.errors import BrokenSystem
from textgrad.tasks.download import cache_folder, download

CONTENT = b"x" * 200_000


class Handler(BaseHTTPRequestHandler):
    """/whole and /open are good, /short announces more than it sends, all else is missing."""

    def do_GET(self):
        self.send_response(200 if self.path in ("/whole", "/open", "/short") else 404)
        if self.path != "/open":
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


def refuse(content):
    raise ValueError("it is all x")


@pytest.mark.parametrize("path", ["whole", "open"])
def test_a_file_arrives_whole_in_a_folder_that_is_made(server, tmp_path, path):
    target = tmp_path / "new" / "file"
    download(f"{server}/{path}", target, lambda content: None)
    assert target.read_bytes() == CONTENT
    assert [entry.name for entry in target.parent.iterdir()] == ["file"]


def test_progress_is_shown(server, tmp_path, capfd):
    download(f"{server}/whole", tmp_path / "data.json", lambda content: None)
    assert "downloading data.json" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("path", "check", "reason"),
    [
        ("short", lambda content: None, "of 400000 bytes arrived|IncompleteRead"),
        ("missing", lambda content: None, "Not Found"),
        ("whole", refuse, "it is all x"),
    ],
)
def test_a_bad_download_leaves_nothing_behind(server, tmp_path, path, check, reason):
    with pytest.raises(BrokenSystem, match=reason) as raised:
        download(f"{server}/{path}", tmp_path / "file", check)
    assert "\n" not in str(raised.value)
    assert list(tmp_path.iterdir()) == []


def test_a_bad_download_leaves_the_old_file_as_it_was(server, tmp_path):
    (tmp_path / "file").write_text("old")
    with pytest.raises(BrokenSystem):
        download(f"{server}/whole", tmp_path / "file", refuse)
    assert [(entry.name, entry.read_text()) for entry in tmp_path.iterdir()] == [("file", "old")]


def test_an_unreachable_address_and_an_unwritable_folder_are_one_line(server, tmp_path):
    with pytest.raises(BrokenSystem, match="refused"):
        download("http://127.0.0.1:1/x", tmp_path / "file", lambda content: None)
    (tmp_path / "occupied").write_text("a file, no folder")
    with pytest.raises(BrokenSystem, match="occupied"):
        download(f"{server}/whole", tmp_path / "occupied" / "file", lambda content: None)


def test_the_cache_is_where_the_user_says(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "textgrad"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder() == tmp_path / ".cache" / "textgrad"
