"""uid_select: draw several merges and select the one with the most uniform information density.

Only merges that retain about as much of the uploads as the best one are compared. Density is measured as the variance
of the surprisal per token (paper, section on UID). Without a usable `--surprisal_model` a word's information is
estimated by its frequency in the uploads and candidates. The estimate is rough, as it ignores context.
"""

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence

from textgrad.concurrency import fan_out, scope
from textgrad.errors import BadReply
from utils.aggregation.merging import Merging
from utils.aggregation.prompts import SUMMARIZE, SUMMARIZE_EVENLY
from utils.aggregation.upload import Upload
from utils.metrics.complexity import density_variance
from utils.metrics.retention import mean_rate, retention_by_client

_RETENTION_TOLERANCE = 0.1  # below the best candidate's mean retention rate
_WORD = re.compile(r"\w+|[^\w\s]")


def merge(uploads: Sequence[Upload], merging: Merging) -> str:
    """Return the selected candidate.

    Raises:
        BadReply: no candidate was usable.
    """
    prompts = [upload.prompt for upload in uploads]
    candidates = list(dict.fromkeys(text for text in _draw_candidates(prompts, merging) if text))
    if not candidates:
        raise BadReply("none of the candidate merges could be used")
    by_client = dict(enumerate(prompts))
    rates = [mean_rate(retention_by_client(by_client, merging.broadcast, text)) or 0.0 for text in candidates]
    threshold = max(rates) - _RETENTION_TOLERANCE
    best = [text for text, rate in zip(candidates, rates, strict=True) if rate >= threshold]
    return best[0] if len(best) == 1 else _most_uniform(best, prompts, merging.surprisal)


def _draw_candidates(prompts: list[str], merging: Merging) -> list[str | None]:
    """Merge concurrently with different jobs and orders of prompts, so candidates differ at temperature 0 too."""
    branches = [merging.branch() for _ in range(merging.candidates)]

    def draw(number: int) -> str | None:
        rotation = number // 4 % len(prompts)
        order = (prompts[rotation:] + prompts[:rotation])[:: -1 if number % 2 else 1]
        try:
            with scope(candidate=number):
                return branches[number].tree(SUMMARIZE if number % 4 >= 2 else SUMMARIZE_EVENLY, order)
        except BadReply:
            return None

    candidates = fan_out(draw, range(merging.candidates))
    merging.join(branches)
    return candidates


def _most_uniform(
    candidates: Sequence[str], prompts: Sequence[str], surprisal: Callable[[str], list[float]] | None
) -> str:
    """Return the first candidate with the lowest variance; estimate for all if the model cannot score each of them."""
    variances = [density_variance(text, surprisal) for text in candidates] if surprisal else [math.inf]
    if math.inf in variances:
        estimate = word_information([*prompts, *candidates])
        variances = [density_variance(text, estimate) for text in candidates]
    return candidates[variances.index(min(variances))]


def word_information(collection: Sequence[str]) -> Callable[[str], list[float]]:
    """Return a function that estimates the information of each word of a text, in bits.

    A word has -log2((c + 1) / (n + v + 1)) bits, where c is its count in the collection, n the number of all words and
    v the number of distinct ones.
    """
    counts = Counter(word for text in collection for word in _WORD.findall(text.lower()))
    total = counts.total() + len(counts) + 1
    return lambda text: [math.log2(total / (counts[word] + 1)) for word in _WORD.findall(text.lower())]
