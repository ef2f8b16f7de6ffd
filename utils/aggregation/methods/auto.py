"""auto: `union` if the result fits the token budget, else `sum_uid`."""

from collections.abc import Sequence

from textgrad.errors import BadReply
from utils.aggregation.merging import Merging
from utils.aggregation.methods import sum_uid, union
from utils.aggregation.upload import Upload


def merge(uploads: Sequence[Upload], merging: Merging) -> str:
    """Return the union of the uploads if it fits, else the engine's merge."""
    try:
        return union.merge(uploads, merging)
    except BadReply:
        return sum_uid.merge(uploads, merging)
