"""F1 score of words, for answers in a few words of which a part may be right.

Definition: Rajpurkar et al., EMNLP 2016 (arXiv 1606.05250), section 6.1: words in lower case, without punctuation and
the articles a, an, the; the harmonic mean of precision and recall, where a repeated word counts as often as it occurs.
"""

import unicodedata
from collections import Counter

from textgrad.tasks.scoring.extract import bold_answer, explicit_answer, explicit_block
from textgrad.tasks.scoring.scorer import Grade

_ARTICLES = {"a", "an", "the"}
_MOST_NAMED = 10


def word_f1(prediction: str, answer: str) -> Grade:
    """Return the F1 score of the words of a reply's explicit answer, else of its bold text, else of all of it.

    The feedback names missing and superfluous words.
    """
    explicit = explicit_block(prediction) if "\n" in answer.strip() else explicit_answer(prediction)
    found = _words(explicit if explicit is not None else bold_answer(prediction) or prediction)
    expected = _words(answer)
    if not found or not expected:
        return Grade(float(found == expected), _feedback(expected, found))
    shared = (found & expected).total()
    return Grade(2 * shared / (found.total() + expected.total()), _feedback(expected - found, found - expected))


def _words(text: str) -> Counter[str]:
    plain = "".join(char for char in text.lower() if not unicodedata.category(char).startswith("P"))
    return Counter(word for word in plain.split() if word not in _ARTICLES)


def _feedback(missing: Counter[str], superfluous: Counter[str]) -> str:
    kinds = (("missing", missing), ("superfluous", superfluous))
    return "; ".join(f"{kind} words: {' '.join(list(words)[:_MOST_NAMED])}" for kind, words in kinds if words)
