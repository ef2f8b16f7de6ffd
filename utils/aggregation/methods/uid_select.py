"""uid_select: several candidate merges; of those that keep about as much as the best, the one of most uniform density.

Uniform information density as a measured criterion (paper, section on UID): the variance of the surprisal a token.
Without a `--surprisal_model`, or where it fails, a word's information is estimated from how often it stands in the
uploads and candidates themselves (-log2 of its smoothed share): a rough stand-in, as it knows no context.
"""

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence

from textgrad.concurrency import fan_out, scope
from textgrad.errors import BadReply
from utils.aggregation.merging import Merging
from utils.aggregation.prompts import SUMMARIZE, SUMMARIZE_EVENLY
from utils.metrics.complexity import density_variance
from utils.metrics.measures import mean_rate, retained

_WITHIN_REACH = 0.1  # of the best candidate's mean retention rate
_WORD = re.compile(r"\w+|[^\w\s]")


def merge(uploads: list[str], merging: Merging) -> str:
    """The candidate chosen.

    Raises:
        BadReply: no candidate could be used.
    """
    found = list(dict.fromkeys(text for text in _candidates(uploads, merging) if text))
    if not found:
        raise BadReply("none of the candidate merges could be used")
    by_client = dict(enumerate(uploads))
    kept = [mean_rate(retained(by_client, merging.old_prompt, text)) or 0.0 for text in found]
    near = [text for text, rate in zip(found, kept, strict=True) if rate >= max(kept) - _WITHIN_REACH]
    return near[0] if len(near) == 1 else _most_uniform(near, uploads, merging.scorer)


def _candidates(uploads: list[str], merging: Merging) -> list[str | None]:
    """Merges side by side. They differ in hint and order of the uploads, so that they do at temperature 0 too."""
    own = [Merging(merging.engine, merging.token_budget, merging.fan_in) for _ in range(merging.candidates)]

    def drawn(number: int) -> str | None:
        turns = number // 4 % len(uploads)
        texts = (uploads[turns:] + uploads[:turns])[:: -1 if number % 2 else 1]
        try:
            with scope(candidate=number):
                return own[number].tree(SUMMARIZE if number % 4 >= 2 else SUMMARIZE_EVENLY, texts)
        except BadReply:
            return None

    found = fan_out(drawn, range(merging.candidates))
    merging.calls += sum(each.calls for each in own)
    merging.depth += max(each.depth for each in own)
    merging.fallbacks += [word for each in own for word in each.fallbacks]
    return found


def _most_uniform(texts: Sequence[str], uploads: Sequence[str], scorer) -> str:
    """The first text with the lowest variance; the estimate decides for all where the model scores not all of them."""
    variances = [density_variance(text, scorer) for text in texts] if scorer else [math.inf]
    if math.inf in variances:
        estimate = word_information([*uploads, *texts])
        variances = [density_variance(text, estimate) for text in texts]
    return texts[variances.index(min(variances))]


def word_information(collection: Sequence[str]) -> Callable[[str], list[float]]:
    """A scorer that gives each word -log2((c + 1) / (n + v + 1)) bits: c its count in the collection, n all words, v
    distinct ones."""
    counts = Counter(word for text in collection for word in _WORD.findall(text.lower()))
    total = counts.total() + len(counts) + 1
    return lambda text: [math.log2(total / (counts[word] + 1)) for word in _WORD.findall(text.lower())]
