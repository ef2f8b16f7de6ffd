"""auto: concat while the result is within the token budget, sum_uid from then on."""

from textgrad.errors import BadReply
from utils.aggregation.merging import Merging
from utils.aggregation.methods import concat, sum_uid


def merge(uploads: list[str], merging: Merging) -> str:
    """The uploads concatenated if they fit, else merged by the engine."""
    try:
        return concat.merge(uploads, merging)
    except BadReply:
        return sum_uid.merge(uploads, merging)
