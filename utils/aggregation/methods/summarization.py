"""summarization: the evaluation engine writes one prompt that keeps the guidance of all."""

from ...prompt_template import SUMMARIZE
from ..merging import Merging


def merge(uploads: list[str], merging: Merging) -> str:
    """The uploads merged by the engine, many of them as a tree."""
    return merging.tree(SUMMARIZE, uploads)
