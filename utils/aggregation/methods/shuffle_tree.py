"""shuffle_tree: `summarization`, with each upload twice and in random order.

The idea is Combee's (arXiv 2604.04247): what one merge of the tree loses, another one may keep. Differs: a merge that
gets an upload twice reads it once, the fan-in is `--merge_fan_in`, and the tree has as many levels as it needs.
"""

from collections.abc import Sequence

from utils.aggregation.merging import Merging
from utils.aggregation.prompts import SUMMARIZE
from utils.aggregation.upload import Upload

_COPIES = 2


def merge(uploads: Sequence[Upload], merging: Merging) -> str:
    """Return the engine's merge. Each copy of the uploads is shuffled on its own, so that equal ones are far apart."""
    prompts = [upload.prompt for upload in uploads]
    shuffled = [prompt for _ in range(_COPIES) for prompt in merging.rng.sample(prompts, len(prompts))]
    return merging.tree(SUMMARIZE, shuffled)
