"""Text in figures: printable characters, line breaks, legend layout and short numbers. Widths are in points."""

import textwrap
from typing import Any

from utils.report.theme import FONT_SIZE, LEGEND_KEY_WIDTH

_MAX_LEGEND_COLUMNS = 4
_MARGIN_OF_ERROR = 1.05  # PNG files round the width of each character; pages and viewers may use another font


def printable(text: str) -> str:
    """Return a text with "?" for control characters and surrogates, which are not allowed in SVG files."""
    return "".join(character if character.isprintable() else "?" for character in text)


def wrap(text: str, width: float, **font: Any) -> list[str]:
    """Split a text into lines of at most `width`; for `font` see `text_width`."""
    max_characters = len(text)
    lines = [text]
    while max_characters > 1 and (widest := max(text_width(line, **font) for line in lines)) > width:
        max_characters = max(1, min(max_characters - 1, int(max(map(len, lines)) * width / widest)))
        lines = textwrap.wrap(text, max_characters) or [text]
    return lines


def legend_layout(names: list[str], width: float) -> tuple[int, list[list[str]]]:
    """Return the number of legend columns, and the lines of each name; several columns have names of one line."""
    widest = max(map(text_width, names), default=0) + LEGEND_KEY_WIDTH
    columns = max(1, min(_MAX_LEGEND_COLUMNS, len(names), int(width / widest)))
    return columns, [wrap(name, width - LEGEND_KEY_WIDTH) for name in names]


def short_number(value: float) -> str:
    """Return a number in at most eight characters."""
    return f"{value:,.0f}" if 100 <= abs(value) < 100_000 else f"{value:.3g}"


def text_width(text: str, **font: Any) -> float:
    """Return the width of one line.

    Args:
        text: printable characters.
        **font: properties that differ from the standard font: size, weight.
    """
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    properties = FontProperties(**{"size": FONT_SIZE, **font})
    return _MARGIN_OF_ERROR * text_to_path.get_text_width_height_descent(text, properties, ismath=False)[0]
