"""Colors, sizes and matplotlib options that all figures share. Sizes are in points."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

PALETTE = ("#2563c9", "#d9622b", "#21875a", "#8a4bc2", "#b08900", "#5d6878", "#0a8f9c", "#c2407f")
INK, SOFT, RULE, CARD, WARNING = "#1b2330", "#5d6879", "#dfe3e9", "#fffffe", "#9c2118"

# In a page, CSS variables replace the colors, so that figures follow the light or dark scheme.
CSS_VARIABLES = {color: f"var(--c{number})" for number, color in enumerate(PALETTE)} | {
    INK: "var(--ink)",
    SOFT: "var(--soft)",
    RULE: "var(--rule)",
    CARD: "var(--card)",
    WARNING: "var(--removed)",
}

WIDTH, PLOT_HEIGHT, BAR_HEIGHT = 432, 190, 14
LEFT_MARGIN, RIGHT_MARGIN, TOP_MARGIN, BOTTOM_MARGIN = 56, 12, 34, 36  # the bottom holds tick labels and axis label
FONT_SIZE, LINE_HEIGHT = 11, 16
LEGEND_KEY_WIDTH = 36  # symbol of a legend entry with its margins


@contextmanager
def matplotlib_options(hash_salt: str) -> Iterator[None]:
    """Set matplotlib's options. Imports matplotlib, which takes a third of a second.

    Args:
        hash_salt: seeds the ids in SVG files, so that equal charts give equal bytes.
    """
    import matplotlib

    options: dict[Any, Any] = {
        "svg.fonttype": "none",  # text stays text
        "svg.hashsalt": hash_salt,
        "pdf.fonttype": 42,  # many publishers refuse Type 3 fonts
        "text.parse_math": False,  # names may contain "$"
        "font.size": FONT_SIZE,
        "text.color": INK,
        "figure.facecolor": CARD,
        "savefig.facecolor": CARD,
        "axes.edgecolor": RULE,
        "axes.labelcolor": SOFT,
        "xtick.labelcolor": SOFT,
        "ytick.labelcolor": SOFT,
        "grid.color": RULE,
    }
    with matplotlib.rc_context(options), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*missing from font")  # a name in a script that the font lacks
        yield
