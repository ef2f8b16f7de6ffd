"""Pictures as PNG, drawn by matplotlib; one that shows what it is to show already is left alone."""

import hashlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

from utils.files import atomic_write

_HEAD = 400  # bytes of a file in which its mark stands


def get_ready() -> None:
    """Loads what pictures are drawn with: a third of a second that a run has while it waits for replies."""
    import matplotlib.backends.backend_agg
    import matplotlib.figure  # noqa: F401


def write_png(path: Path, shown: Any, draw: Callable[[Any], None], size: tuple[float, float], dpi: int) -> None:
    """Draws a picture into a file, unless the file has it.

    Args:
        path: of the file.
        shown: all that the picture depends on; its `repr` tells one picture from another.
        draw: draws into a `matplotlib.figure.Figure`.
        size: inches, width and height.
        dpi: dots an inch.
    """
    mark = hashlib.blake2b(repr((shown, size, dpi)).encode("utf-8", "replace"), digest_size=16).hexdigest()
    if path.exists():
        with path.open("rb") as file:
            if mark.encode() in file.read(_HEAD):
                return
    get_ready()
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=size)
    FigureCanvasAgg(figure)
    draw(figure)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=dpi, metadata={"Software": None, "Description": mark})
    atomic_write(path, buffer.getvalue())
