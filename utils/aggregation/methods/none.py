"""none: local training only, the baseline that shows what federation brings. The round loop merges nothing."""

from textgrad.errors import UsageError
from utils.aggregation.merging import Merging


def merge(uploads: list[str], merging: Merging) -> str:
    """Never called: with this method every client keeps its own prompt.

    Raises:
        UsageError: always.
    """
    raise UsageError("--aggregate_method none keeps every client's own prompt, so there is nothing to merge")
