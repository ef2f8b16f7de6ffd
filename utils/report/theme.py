"""Colors, sizes and matplotlib options that all figures share. Sizes are in points, 72 per inch.

Files have the size at which a paper prints them, so that their text needs no scaling. Pages enlarge them.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

PALETTE = ("#2563c9", "#d9622b", "#21875a", "#8a4bc2", "#b08900", "#5d6878", "#0a8f9c", "#c2407f")
MARKERS = "osD^vP*X"  # one per color, for print without colors
INK, SOFT, RULE, CARD, WARNING = "#1b2330", "#5d6879", "#dfe3e9", "#fffffe", "#9c2118"

# In a page, CSS variables replace the colors, so that figures follow the light or dark scheme.
CSS_VARIABLES = {color: f"var(--c{number})" for number, color in enumerate(PALETTE)} | {
    INK: "var(--ink)",
    SOFT: "var(--soft)",
    RULE: "var(--rule)",
    CARD: "var(--card)",
    WARNING: "var(--removed)",
}
PAGE_SCALE = 2  # largest enlargement in a page, in CSS pixels per point

COLUMN_WIDTH, TEXT_WIDTH = 234, 396  # 3.25 and 5.5 inches: one of two columns, and the full text of ICLR
PLOT_HEIGHT, BAR_HEIGHT, MARGIN = 124, 8, 4
FONT_SIZE, TITLE_SIZE, LINE_HEIGHT = 7, 8, 10
LEGEND_KEY_WIDTH = 26  # symbol of a legend entry with its margins


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
        "axes.labelsize": FONT_SIZE,
        "xtick.labelsize": FONT_SIZE,
        "ytick.labelsize": FONT_SIZE,
        "legend.fontsize": FONT_SIZE,
        "text.color": INK,
        "figure.facecolor": CARD,
        "savefig.facecolor": CARD,
        "axes.edgecolor": RULE,
        "axes.linewidth": 0.6,
        "axes.labelcolor": SOFT,
        "xtick.labelcolor": SOFT,
        "ytick.labelcolor": SOFT,
        "grid.color": RULE,
        "grid.linewidth": 0.6,
        "lines.linewidth": 1.2,
        "lines.markersize": 3.5,
        "lines.markeredgewidth": 0,
    }
    with matplotlib.rc_context(options), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*missing from font")  # a name in a script that the font lacks
        yield
