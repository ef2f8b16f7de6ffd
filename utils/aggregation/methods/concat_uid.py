"""concat_uid: rewrite each prompt so that its information is spread evenly, then concatenate."""

from collections.abc import Sequence

from textgrad.concurrency import fan_out
from textgrad.errors import BadReply
from utils.aggregation.fallbacks import Fallback
from utils.aggregation.merging import Merging
from utils.aggregation.prompts import REWRITE_EVENLY
from utils.aggregation.upload import Upload


def merge(uploads: Sequence[Upload], merging: Merging) -> str:
    """Return the rewritten uploads as sections, in order. An upload whose rewrite fails stays unchanged."""

    def rewrite(prompt: str) -> str | None:
        try:
            return merging.ask(REWRITE_EVENLY, [prompt])
        except BadReply:
            return None

    prompts = [upload.prompt for upload in uploads]
    rewrites = fan_out(rewrite, prompts)
    merging.depth += 1
    merging.fallbacks += [Fallback.AS_UPLOADED] * rewrites.count(None)
    return merging.concat_fitting([rewritten or prompt for rewritten, prompt in zip(rewrites, prompts, strict=True)])
