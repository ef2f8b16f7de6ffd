"""An HTTP server in the layout of the Hugging Face hub, for models.

    with HubServer({"me/tiny-GGUF": {"tiny-Q8_0.gguf": b"GGUF..."}}) as server:
        ...  # HF_ENDPOINT=server.url

Files are stored with Git LFS: `resolve` redirects to /blobs/<SHA-256>, which honours Range.
"""

import hashlib
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

COMMIT = "0123456789" * 4


class HubServer:
    """The server.

    Args:
        repos: content by file, by repository.

    Attributes:
        requests: (method, path, Range or "") in order of arrival.
        gated: repositories whose files are refused.
        damaged: if True, the last byte of a blob is wrong.
        cut_at: number of bytes after which the next response with a blob ends too early; None for no limit.
        stall: if True, such a response stays open until the server stops.
    """

    def __init__(self, repos: dict[str, dict[str, bytes]]):
        self.repos, self.requests, self.gated = repos, [], set()
        self.damaged, self.cut_at, self.stall = False, None, False
        self.stopped = threading.Event()
        hub = self

        class Handler(BaseHTTPRequestHandler):
            do_GET = do_HEAD = lambda self: hub.respond(self)

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> "HubServer":
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        self.stopped.set()
        self._server.shutdown()
        self._server.server_close()

    def blob_requests(self) -> list[str]:
        """Return the Range of each request for the content of a file, "" without one."""
        return [part for method, path, part in self.requests if method == "GET" and path.startswith("/blobs/")]

    def respond(self, request: BaseHTTPRequestHandler) -> None:
        path = request.path.partition("?")[0]
        self.requests.append((request.command, path, request.headers.get("Range", "")))
        if match := re.fullmatch("/blobs/([0-9a-f]{64})", path):
            return self._send_blob(request, match[1])
        match = re.fullmatch(r"(/api/models)?/([^/]+/[^/]+)(?:/resolve/[^/]+/(.+))?", path)
        if not match or match[2] not in self.repos:
            return _send(request, 404, {"X-Error-Code": "RepoNotFound"})
        files = self.repos[match[2]]
        if match[1]:
            siblings = [{"rfilename": name, "size": len(data), "lfs": _lfs(data)} for name, data in files.items()]
            return _send(request, 200, {}, json.dumps({"id": match[2], "sha": COMMIT, "siblings": siblings}).encode())
        if match[2] in self.gated:
            return _send(request, 403, {"X-Error-Code": "GatedRepo"})
        if match[3] not in files:
            return _send(request, 404, {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": COMMIT})
        data = files[match[3]]
        checksum = _lfs(data)["sha256"]
        linked = {"X-Linked-Etag": f'"{checksum}"', "X-Linked-Size": str(len(data)), "X-Repo-Commit": COMMIT}
        elsewhere = self.url.replace("127.0.0.1", "localhost")  # the hub stores files on another host
        return _send(request, 302, {"Location": f"{elsewhere}/blobs/{checksum}", **linked})

    def _send_blob(self, request: BaseHTTPRequestHandler, checksum: str) -> None:
        data = next(
            data for files in self.repos.values() for data in files.values() if _lfs(data)["sha256"] == checksum
        )
        if self.damaged:
            data = data[:-1] + bytes([data[-1] ^ 1])
        match = re.fullmatch(r"bytes=(\d+)-", request.headers.get("Range", ""))
        start = int(match[1]) if match else 0
        headers = {"Content-Range": f"bytes {start}-{len(data) - 1}/{len(data)}"} if match else {}
        cut, self.cut_at = self.cut_at, None
        _send(request, 206 if match else 200, headers, data[start:], cut)
        if cut is not None and self.stall:
            self.stopped.wait(60)


def _lfs(data: bytes) -> dict:
    return {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data), "pointerSize": 134}


def _send(
    request: BaseHTTPRequestHandler, status: int, headers: dict[str, str], body: bytes = b"", cut: int | None = None
) -> None:
    request.send_response(status)
    for name, value in {**headers, "Content-Length": str(len(body))}.items():
        request.send_header(name, value)
    request.end_headers()
    if request.command != "HEAD":
        request.wfile.write(body[:cut])
        request.wfile.flush()
