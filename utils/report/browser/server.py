"""Serve the reports and call browsers of a folder of runs, read-only and on this machine only.

Requests for another host name are refused, as a page elsewhere could otherwise read the runs through a name that
resolves to 127.0.0.1; so are paths outside the folder.
"""

import contextlib
import mimetypes
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from textgrad.errors import StopRun, UsageError
from utils.files import to_json
from utils.options import OneLineParser
from utils.report.browser.documents import Documents
from utils.report.browser.page import NAME, browser_page
from utils.report.index_page import index_page
from utils.report.run_list import list_runs
from utils.report.write import comparison_of

_SERVED = {".html", ".svg", ".png", ".pdf", ".csv", ".tex"}  # never the call log or prompts
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
_MARK = "<script>globalThis.SERVED = true</script>"  # the page then links comparisons instead of showing a command
_HTML, _JSON = "text/html; charset=utf-8", "application/json"


def main(arguments: list[str]) -> int:
    """Serve until interrupted; return the exit status.

    Raises:
        UsageError: the folder does not exist, or the port is taken.
    """
    parser = OneLineParser(prog="python -m utils.report serve", description="Browse runs: reports and every call.")
    parser.add_argument("folder", nargs="?", default="logs", help="folder of runs (default: logs)")
    parser.add_argument(
        "--port",
        type=int,
        choices=range(65536),
        metavar="PORT",
        default=8080,
        help="port on 127.0.0.1; 0 takes a free one (default: 8080)",
    )
    options = parser.parse_args(arguments)
    with open_server(Path(options.folder), options.port) as server, contextlib.suppress(KeyboardInterrupt):
        print(f"http://127.0.0.1:{server.server_port}/  (ctrl-C ends)", flush=True)
        server.serve_forever()
    return 0


def open_server(folder: Path, port: int) -> ThreadingHTTPServer:
    """Return a server for a folder of runs, bound to 127.0.0.1.

    Args:
        folder: such as logs/.
        port: 0 takes a free one.

    Raises:
        UsageError: the folder does not exist, or the port is taken.
    """
    if not folder.is_dir():
        raise UsageError(f"folder {folder} does not exist: name a folder of runs, such as logs/")
    root = folder.resolve()

    class Handler(_Handler):
        runs = root

    try:
        server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    except OSError as error:
        raise UsageError(f"cannot serve on port {port}: {error.strerror}; choose another one with --port") from error
    server.daemon_threads = True
    return server


class _Handler(BaseHTTPRequestHandler):
    runs: Path

    def do_GET(self) -> None:
        assert isinstance(self.server, ThreadingHTTPServer)
        port = self.server.server_port
        if self.headers.get("Host") not in (f"127.0.0.1:{port}", f"localhost:{port}"):
            self._send(HTTPStatus.FORBIDDEN, "text/plain", "open the address that the server printed")
            return
        address = urlsplit(self.path)
        try:
            self._answer(unquote(address.path).strip("/"), parse_qs(address.query))
        except StopRun as error:
            self._send(HTTPStatus.NOT_FOUND, "text/plain; charset=utf-8", str(error))

    def _answer(self, path: str, query: dict[str, list[str]]) -> None:
        if not path or path == "index.html":
            page = index_page(self.runs, *list_runs(self.runs))
            self._send(HTTPStatus.OK, _HTML, page.replace("<body>", f"<body>{_MARK}", 1))
        elif path == "compare":
            self._send(HTTPStatus.OK, _HTML, comparison_of([self._inside(name) for name in query.get("run", [])]))
        elif "/data/" in path:
            folder, _, document = path.partition("/data/")
            with contextlib.closing(Documents(self._inside(folder))) as documents:
                self._send(HTTPStatus.OK, _JSON, to_json(documents.document(document)))
        elif path.endswith(f"/{NAME}"):
            with contextlib.closing(Documents(self._inside(path).parent)) as documents:
                self._send(HTTPStatus.OK, _HTML, browser_page(documents, embed=False))
        else:
            self._send_file(self._inside(path))

    def _inside(self, name: str) -> Path:
        """Return a path in the folder.

        Raises:
            UsageError: it leads outside.
        """
        path = (self.runs / name.replace("\0", "\ufffd")).resolve()
        if not path.is_relative_to(self.runs):
            raise UsageError(f"{name!r} is not in the folder")
        return path

    def _send_file(self, path: Path) -> None:
        if path.suffix not in _SERVED or not path.is_file():
            raise UsageError(f"there is no page {path.name!r} here")
        self._send(HTTPStatus.OK, mimetypes.guess_type(path.name)[0] or "text/plain", path.read_bytes())

    def _send(self, status: HTTPStatus, kind: str, content: str | bytes) -> None:
        body = content.encode("utf-8", "replace") if isinstance(content, str) else content
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **_HEADERS}.items():
            self.send_header(name, value)
        self.end_headers()
        with contextlib.suppress(ConnectionError):  # the reader left
            self.wfile.write(body)

    def log_message(self, *_) -> None:
        """Print nothing: the pages show what went wrong."""
