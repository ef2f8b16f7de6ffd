"""concat_uid: each prompt is rewritten to spread its information evenly, then they are concatenated."""

from textgrad.concurrency import fan_out
from textgrad.errors import BadReply
from utils.aggregation.merging import Merging
from utils.aggregation.prompts import REWRITE_EVENLY


def merge(uploads: list[str], merging: Merging) -> str:
    """The rewritten uploads as sections, in order; an upload whose rewrite fails stays as it was."""

    def rewritten(upload: str) -> str | None:
        try:
            return merging.ask(REWRITE_EVENLY, [upload])
        except BadReply:
            return None

    results = fan_out(rewritten, uploads)
    merging.depth += 1
    merging.fallbacks += ["as_uploaded"] * results.count(None)
    return merging.concat([result or upload for result, upload in zip(results, uploads)])
