"""Write the call browser of a run as one file that works offline."""

import base64
import contextlib
import gzip
from pathlib import Path

from textgrad.errors import UsageError
from utils.files import atomic_write, to_json
from utils.report.browser.documents import Documents
from utils.report.pages import render

NAME = "calls.html"
MAX_CALLS = 3000
"""Requests of a run whose documents are embedded; the browser of a larger run needs the local server."""


def browser_page(documents: Documents, embed: bool) -> str:
    """Return the page.

    Args:
        documents: of the run.
        embed: True to embed all documents; False for a page that fetches them from the local server.
    """
    embedded = ""
    if embed:
        content = to_json(documents.everything())
        embedded = base64.b64encode(gzip.compress(content.encode("utf-8", "replace"), mtime=0)).decode()
    run = documents.header()
    return render("browser.html", title=f"Calls of {run['name']}", run=run, embedded=embedded)


def write_browser(folder: Path, target: Path) -> bool:
    """Write the page of a run with at most `MAX_CALLS` requests and a trace; return True if there is one.

    Args:
        folder: of the run.
        target: folder of the page.
    """
    try:
        documents = Documents(folder)
    except UsageError:  # a run of an earlier version
        return False
    with contextlib.closing(documents):
        if documents.size > MAX_CALLS:
            return False
        atomic_write(target / NAME, browser_page(documents, embed=True))
    return True
