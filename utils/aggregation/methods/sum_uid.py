"""sum_uid: `summarization` with the guidance to spread information evenly (uniform information density)."""

from collections.abc import Sequence

from utils.aggregation.merging import Merging
from utils.aggregation.prompts import SUMMARIZE_EVENLY
from utils.aggregation.upload import Upload


def merge(uploads: Sequence[Upload], merging: Merging) -> str:
    """Return the engine's merge, written with uniform information density."""
    return merging.tree(SUMMARIZE_EVENLY, [upload.prompt for upload in uploads])
