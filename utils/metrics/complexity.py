"""Complexity of a prompt, from character counts to a language model's surprisal.

    measures = complexity(prompt, collection=prompts_of_the_run, surprisal=LlamaServer("http://127.0.0.1:8080"))

Uniform information density (UID): a text spreads its information evenly if its surprisal per token varies little
(FedTextGrad, arXiv 2502.19980, section on UID). `density_variance` is that variance.
"""

import functools
import math
import re
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace

from textgrad.tokens import estimate_tokens

Surprisal = Callable[[str], list[float]]
"""Returns the surprisal of a text's tokens, in bits."""

_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Complexity:
    """The measures of one prompt. Measures without their model or collection are None.

    Attributes:
        entropy: of the characters, in bits per character, >= 0.
        compression_ratio: UTF-8 bytes divided by bytes after zlib at level 9; higher for repetitive prompts.
        tokens: estimated length, >= 0.
        mean_tf_idf: see `mean_tf_idf`.
        surprisal_mean: bits per token.
        surprisal_max: bits of the most surprising token.
        surprisal_variance: bits squared; low means uniform density.
        perplexity: 2 to the power of the mean surprisal.
    """

    entropy: float
    compression_ratio: float
    tokens: int
    mean_tf_idf: float | None = None
    surprisal_mean: float | None = None
    surprisal_max: float | None = None
    surprisal_variance: float | None = None
    perplexity: float | None = None

    def as_json(self) -> dict:
        """Return all attributes, rounded to four decimals."""
        return {name: value if value is None else round(value, 4) for name, value in asdict(self).items()}


def complexity(text: str, collection: Sequence[str] | None = None, surprisal: Surprisal | None = None) -> Complexity:
    """Return all measures of a prompt.

    Args:
        text: the prompt.
        collection: the run's prompts including this one, for TF-IDF; None leaves TF-IDF out.
        surprisal: scorer such as those in `utils.metrics.surprisal`; its errors propagate. None leaves surprisal out.
    """
    measures = Complexity(
        character_entropy(text),
        compression_ratio(text),
        estimate_tokens(text),
        None if collection is None else mean_tf_idf(text, collection),
    )
    bits = surprisal(text) if surprisal else []
    if not bits:
        return measures
    return replace(
        measures,
        surprisal_mean=_mean(bits),
        surprisal_max=max(bits),
        surprisal_variance=_variance(bits),
        perplexity=2 ** _mean(bits),
    )


def character_entropy(text: str) -> float:
    """Return the Shannon entropy of the characters, in bits per character; 0 for an empty text."""
    return sum(count / len(text) * math.log2(len(text) / count) for count in Counter(text).values())


def compression_ratio(text: str) -> float:
    """Return UTF-8 bytes divided by bytes after zlib (level 9, with header); below 1 for very short texts."""
    raw = text.encode("utf-8", "surrogatepass")
    return len(raw) / len(zlib.compress(raw, 9))


def mean_tf_idf(text: str, collection: Sequence[str]) -> float:
    """Return the mean of tf * idf over the text's distinct words; 0.0 without words.

    tf is the word's count in the text; idf = ln((1 + n) / (1 + df)) + 1 over the n prompts of the collection, smoothed
    as in scikit-learn: a word of all prompts has idf 1. A collection of a single document makes every idf 1.

    Args:
        text: the prompt.
        collection: the run's prompts.
    """
    counts = Counter(_WORD.findall(text.lower()))
    if not counts:
        return 0.0
    frequencies, n = _document_frequencies(tuple(collection)), len(collection)
    return sum(count * (math.log((1 + n) / (1 + frequencies[word])) + 1) for word, count in counts.items()) / len(
        counts
    )


@functools.lru_cache(maxsize=1)  # all prompts of a run are measured against the same collection
def _document_frequencies(collection: tuple[str, ...]) -> Counter[str]:
    """Return the number of documents per word."""
    return Counter(word for document in collection for word in set(_WORD.findall(document.lower())))


def density_variance(text: str, surprisal: Surprisal) -> float:
    """Return the variance of a text's surprisal in bits squared; low means uniform information density.

    It is infinite for fewer than two scored tokens, so the lowest value never belongs to an empty prompt. The values of
    a busy llama.cpp server vary by about 0.2 %; store them to repeat a decision exactly.

    Args:
        text: the prompt.
        surprisal: scorer.
    """
    bits = surprisal(text)
    return _variance(bits) if len(bits) > 1 else math.inf


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _variance(values: Sequence[float]) -> float:
    """Return the population variance, as a text's tokens are the whole population."""
    mean = _mean(values)
    return sum((value - mean) ** 2 for value in values) / len(values)
