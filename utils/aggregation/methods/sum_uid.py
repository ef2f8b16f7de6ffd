"""sum_uid: summarization with guidance to spread information evenly (uniform information density)."""

from utils.aggregation.merging import Merging
from utils.aggregation.prompts import SUMMARIZE_EVENLY


def merge(uploads: list[str], merging: Merging) -> str:
    """The uploads merged by the engine into a text of uniform information density."""
    return merging.tree(SUMMARIZE_EVENLY, uploads)
