"""auto: `concat` if the result fits the token budget, else `sum_uid`."""

from collections.abc import Sequence

from textgrad.errors import BadReply
from utils.aggregation.merging import Merging
from utils.aggregation.methods import sum_uid
from utils.aggregation.upload import Upload


def merge(uploads: Sequence[Upload], merging: Merging) -> str:
    """Return the concatenated uploads if they fit, else the engine's merge."""
    try:
        return merging.concat([upload.prompt for upload in uploads])
    except BadReply:
        return sum_uid.merge(uploads, merging)
