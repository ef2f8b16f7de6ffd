"""dynamic: `concat` up to `--dynamic_limit` tokens, else `summarization` (paper, appendix G)."""

from collections.abc import Sequence

from textgrad.errors import BadReply
from utils.aggregation.merging import Merging
from utils.aggregation.methods import summarization
from utils.aggregation.upload import Upload


def merge(uploads: Sequence[Upload], merging: Merging) -> str:
    """Return the concatenated uploads if they are short, else the engine's merge."""
    try:
        return merging.concat([upload.prompt for upload in uploads], min(merging.dynamic_limit, merging.token_budget))
    except BadReply:
        return summarization.merge(uploads, merging)
