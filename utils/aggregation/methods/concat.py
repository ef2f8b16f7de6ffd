"""concat: the prompts one after the other, shared lines once. No model is asked, and no guidance is lost."""

from utils.aggregation.merging import Merging


def merge(uploads: list[str], merging: Merging) -> str:
    """The uploads as sections, in order."""
    return merging.concat(uploads)
