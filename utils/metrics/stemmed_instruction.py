"""An instruction as comparable words."""

import functools
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from utils.metrics.words import CONTRACTIONS, ENDS_OF_NEGATION, FUNCTION_WORDS, NEGATIONS, NUMBER_WORDS, SUFFIXES

_TOKEN = re.compile(
    r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|"  # scripts without spaces: one word per character
    r"(?<!\w)-?\d+(?:,\d{3})*(?:\.\d+)?|[^\W\d_]+|\d+|[.,;:!?()]"
)


@dataclass(frozen=True)
class StemmedInstruction:
    """An instruction as words.

    Attributes:
        text: the instruction.
        words: all words, reduced to stems; negated words are marked with "¬".
        content: the words that carry meaning, without numbers.
        numbers: numbers in digits, without thousands separators; number words ("three") are converted.
    """

    text: str
    words: tuple[str, ...]
    content: frozenset[str]
    numbers: frozenset[str]

    @classmethod
    @functools.lru_cache(maxsize=4096)  # the clients of a round share most of their instructions
    def parse(cls, text: str) -> "StemmedInstruction":
        """Return the words of one instruction."""
        words: list[str] = []
        content: set[str] = set()
        numbers: set[str] = set()
        negated = False
        for token in _tokens(text):
            if not token[-1].isalnum() or token in ENDS_OF_NEGATION:
                negated = False
            if token in NEGATIONS:
                negated = True
            elif token[-1].isdigit():
                numbers.add(token)
                words.append(token)
            elif token in FUNCTION_WORDS:
                words.append(token)
            elif token[0].isalpha():
                words.append("¬" * negated + _stem(token))
                content.add(words[-1])
        return cls(text, tuple(words), frozenset(content), frozenset(numbers))

    @classmethod
    def join(cls, parts: Sequence["StemmedInstruction"]) -> "StemmedInstruction":
        """Return neighbouring instructions as one."""
        return cls(
            " ".join(part.text for part in parts),
            tuple(word for part in parts for word in part.words),
            frozenset(word for part in parts for word in part.content),
            frozenset(number for part in parts for number in part.numbers),
        )

    def recall_in(self, other: "StemmedInstruction") -> float:
        """Return the share of content words (of all words if there are none) found in another one, in [0, 1]."""
        ours, theirs = (self.content, other.content) if self.content else (set(self.words), set(other.words))
        return len(ours & theirs) / len(ours) if ours else 0.0

    def ordered_recall_in(self, other: "StemmedInstruction") -> float:
        """Return the share of words found in another one in the same order (ROUGE-L recall), in [0, 1]."""
        from rapidfuzz.distance import LCSseq

        return LCSseq.similarity(self.words, other.words) / len(self.words) if self.words else 0.0


def _tokens(text: str) -> list[str]:
    """Return words, numbers and the punctuation that ends a clause, in lower case."""
    text = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    for pattern, expansion in CONTRACTIONS:
        text = re.sub(pattern, expansion, text)
    return [
        NUMBER_WORDS.get(token, token.replace(",", "") if token[-1].isdigit() else token)
        for token in _TOKEN.findall(text)
    ]


def _stem(word: str) -> str:
    """Return a word without its ending: counting, counted and counts become equal, as do careful and carefully."""
    for _ in range(2):
        for suffix in SUFFIXES:
            if word.endswith(suffix) and len(word) - len(suffix) >= 2 and not word.endswith("ss"):
                word = word[: -len(suffix)]
                break
    if len(word) > 2 and word[-1] == word[-2]:
        word = word[:-1]
    return word
