"""summarization: the evaluation engine writes one prompt that keeps the guidance of all uploads."""

from collections.abc import Sequence

from utils.aggregation.merging import Merging
from utils.aggregation.prompts import SUMMARIZE
from utils.aggregation.upload import Upload


def merge(uploads: Sequence[Upload], merging: Merging) -> str:
    """Return the engine's merge; many uploads are merged as a tree."""
    return merging.tree(SUMMARIZE, [upload.prompt for upload in uploads])
