"""vote: instructions that at least a share of the clients support (`--vote_share`), weighted by training questions.

A client supports what its upload says, also in other words. An instruction that clients changed keeps its old wording
unless enough of them changed it in the same way. Itemized prompts follow ACE (Zhang et al., 2025, "Agentic Context
Engineering"); the vote is our own.
"""

from collections.abc import Sequence

from utils.aggregation.items import items_of, keep_most_supported, support
from utils.aggregation.merging import Merging
from utils.aggregation.upload import Upload


def merge(uploads: Sequence[Upload], merging: Merging) -> str:
    """Return the supported instructions, most supported first.

    Raises:
        BadReply: there are none within the token budget.
    """
    unit = 0 if all(upload.n for upload in uploads) else 1  # without all numbers of questions, clients count
    needed = merging.vote_share * support(uploads)[unit] - 1e-9  # 0.07 of 100 is 7, in spite of rounding
    items = [item for item in items_of(uploads, merging.broadcast) if item.support[unit] >= needed]
    for item in items:
        if item.old and support(item.versions[item.best])[unit] < needed:
            item.versions = {item.old: item.uploads}
    return keep_most_supported(items, merging)
