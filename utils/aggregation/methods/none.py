"""none: local training only, the baseline for federation. The round loop merges nothing."""

from collections.abc import Sequence

from textgrad.errors import UsageError
from utils.aggregation.merging import Merging
from utils.aggregation.upload import Upload


def merge(uploads: Sequence[Upload], merging: Merging) -> str:
    """Reject the merge: with this method every client keeps its own prompt.

    Raises:
        UsageError: always.
    """
    raise UsageError("--aggregate_method none keeps every client's own prompt, so there is nothing to merge")
