"""How dense a prompt is, by measures from character counts to a language model's surprisal.

    measures = complexity(prompt, collection=all_prompts_of_the_run, scorer=LlamaServer("http://127.0.0.1:8080"))

Uniform information density (UID): a text whose surprisal per token varies little spreads its information evenly
(FedTextGrad, arXiv 2502.19980, section on UID). `density_variance` is that variance, as a number to choose by.
"""

import functools
import math
import re
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from textgrad.tokens import estimate_tokens

Scorer = Callable[[str], list[float]]

_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Complexity:
    """The measures of one prompt. What a missing scorer or collection leaves open is None.

    Attributes:
        entropy: of the characters, in bits a character, >= 0.
        compression_ratio: UTF-8 bytes over bytes after zlib at level 9; higher for repetitive prompts.
        tokens: estimated length, >= 0.
        mean_tf_idf: see `mean_tf_idf`.
        surprisal_mean, surprisal_max: bits a token.
        surprisal_variance: bits squared; low means uniform density.
        perplexity: 2 to the mean surprisal.
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
        """All attributes, to four decimals."""
        return {name: value if value is None else round(value, 4) for name, value in asdict(self).items()}


def complexity(text: str, collection: Sequence[str] | None = None, scorer: Scorer | None = None) -> Complexity:
    """All measures of a prompt.

    Args:
        text: the prompt.
        collection: the run's prompts, this one among them, for TF-IDF.
        scorer: text -> surprisal in bits a token, such as those in `utils.metrics.surprisal`.

    Raises:
        whatever the scorer raises.
    """
    plain = Complexity(
        character_entropy(text),
        compression_ratio(text),
        estimate_tokens(text),
        None if collection is None else mean_tf_idf(text, collection),
    )
    bits = scorer(text) if scorer else []
    if not bits:
        return plain
    return Complexity(
        **asdict(plain)
        | {
            "surprisal_mean": _mean(bits),
            "surprisal_max": max(bits),
            "surprisal_variance": _variance(bits),
            "perplexity": 2 ** _mean(bits),
        }
    )


def character_entropy(text: str) -> float:
    """Shannon's entropy of the distribution of characters, in bits a character; 0 for an empty text."""
    return sum(count / len(text) * math.log2(len(text) / count) for count in Counter(text).values())


def compression_ratio(text: str) -> float:
    """UTF-8 bytes over bytes after zlib (level 9, its 6 bytes of frame included); below 1 for very short texts."""
    raw = text.encode("utf-8", "surrogatepass")
    return len(raw) / len(zlib.compress(raw, 9))


def mean_tf_idf(text: str, collection: Sequence[str]) -> float:
    """Mean over the text's distinct words of tf * idf, with tf the word's count in the text.

    idf = ln((1 + n) / (1 + df)) + 1 over the n prompts of the collection, as scikit-learn smooths it: 1 for a word
    that all prompts have. Over a single document every idf is 1 and the measure would say nothing.

    Args:
        text: the prompt; 0.0 where it has no words.
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
    """For each word the number of documents that have it."""
    return Counter(word for document in collection for word in set(_WORD.findall(document.lower())))


def density_variance(text: str, scorer: Scorer) -> float:
    """Variance of the surprisal over the text's tokens, in bits squared: low means uniform information density.

    Infinite for a text with fewer than two scored tokens, so that choosing the lowest never chooses an empty prompt. A
    busy llama.cpp server gives values that differ by some 0.2 % from one time to the next: who chooses by them, and has
    to choose the same again, must write them down.

    Args:
        text: the prompt.
        scorer: text -> surprisal in bits a token.
    """
    bits = scorer(text)
    return _variance(bits) if len(bits) > 1 else math.inf


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _variance(values: Sequence[float]) -> float:
    """Of the population: the tokens of a text are all there are."""
    mean = _mean(values)
    return sum((value - mean) ** 2 for value in values) / len(values)
