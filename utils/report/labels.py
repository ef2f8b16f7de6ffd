"""Text in figures: printable characters, line breaks, legend layout and short numbers."""

import textwrap

from utils.report.theme import FONT_SIZE, LEGEND_KEY_WIDTH, WIDTH


def printable(text: str) -> str:
    """Return a text with "?" for control characters and surrogates, which are not allowed in SVG files."""
    return "".join(character if character.isprintable() else "?" for character in text)


def wrap(text: str, width: float) -> list[str]:
    """Split a text into lines of at most `width` points."""
    max_characters = len(text)
    lines = [text]
    while max_characters > 1 and (widest := max(map(_text_width, lines))) > width:
        max_characters = max(1, min(max_characters - 1, int(max(map(len, lines)) * width / widest)))
        lines = textwrap.wrap(text, max_characters) or [text]
    return lines


def legend_layout(names: list[str]) -> tuple[int, list[list[str]]]:
    """Return the number of legend columns (1 or 2), and the lines of each name."""
    half = WIDTH / 2 - LEGEND_KEY_WIDTH
    columns = 2 if len(names) > 1 and all(_text_width(name) <= half for name in names) else 1
    return columns, [wrap(name, half if columns == 2 else WIDTH - LEGEND_KEY_WIDTH) for name in names]


def short_number(value: float) -> str:
    """Return a number in at most eight characters."""
    return f"{value:,.0f}" if 100 <= abs(value) < 100_000 else f"{value:.3g}"


def _text_width(text: str) -> float:
    """Return the width in points at the standard font size."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    return text_to_path.get_text_width_height_descent(text, FontProperties(size=FONT_SIZE), ismath=False)[0]
