"""summarization: the evaluation engine writes one prompt that keeps the guidance of all."""

from utils.aggregation.merging import Merging
from utils.aggregation.prompts import SUMMARIZE


def merge(uploads: list[str], merging: Merging) -> str:
    """The uploads merged by the engine, many of them as a tree."""
    return merging.tree(SUMMARIZE, uploads)
