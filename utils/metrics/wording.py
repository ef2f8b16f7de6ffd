"""The words of an instruction, made comparable: for `utils.metrics.retention`."""

import functools
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

_TOKEN = re.compile(
    r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|"  # scripts without spaces: a word a character
    r"(?<!\w)-?\d+(?:,\d{3})*(?:\.\d+)?|[^\W\d_]+|\d+|[.,;:!?()]"
)
_NUMBER_WORDS = {
    word: str(number)
    for number, word in enumerate(
        ["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"], start=2
    )
}
_CONTRACTIONS = (
    (r"\bcan(?:no|')t\b", "can not"),
    (r"\bwon't\b", "will not"),
    (r"n't\b", " not"),
    (r"\b(?:do not|never) (?:forget|fail|neglect|hesitate) to\b", ""),
    (r"\bnot only\b", ""),
    (r"\b(?:instead of|rather than)\b", "not"),
)
_NEGATORS = {"not", "no", "never", "without", "avoid", "avoids", "avoiding", "nor", "neither"}
_SCOPE_ENDS = {"but", "and", "unless", "until", "instead", "then"}
_FUNCTION_WORDS = set(
    [
        "a",
        "an",
        "the",
        "this",
        "that",
        "these",
        "those",
        "it",
        "its",
        "they",
        "them",
        "their",
        "there",
        "you",
        "your",
        "yourself",
        "i",
        "me",
        "my",
        "we",
        "our",
        "us",
        "one",
        "is",
        "are",
        "was",
        "were",
        "be",
        "been",
        "being",
        "am",
        "do",
        "does",
        "did",
        "has",
        "have",
        "had",
        "having",
        "will",
        "would",
        "shall",
        "should",
        "can",
        "could",
        "may",
        "might",
        "must",
        "of",
        "to",
        "in",
        "on",
        "at",
        "by",
        "for",
        "with",
        "from",
        "into",
        "onto",
        "as",
        "about",
        "over",
        "under",
        "per",
        "via",
        "than",
        "then",
        "so",
        "such",
        "and",
        "or",
        "but",
        "if",
        "when",
        "while",
        "where",
        "which",
        "who",
        "whom",
        "whose",
        "what",
        "how",
        "because",
        "also",
        "too",
        "both",
        "either",
        "each",
        "please",
        "always",
        "make",
        "makes",
        "sure",
        "ensure",
        "ensuring",
        "just",
        "very",
        "any",
        "all",
        "some",
    ]
)
_SUFFIXES = ("ingly", "edly", "fully", "ing", "ied", "ies", "ful", "ed", "es", "ly", "s", "e", "y")


@dataclass(frozen=True)
class Wording:
    """An instruction as words.

    Attributes:
        text: the instruction.
        words: all words, reduced to stems; those under a negation marked with "¬".
        content: the words that carry meaning, without numbers.
        numbers: numbers in digits, also those written as words ("three"), without thousands separators.
    """

    text: str
    words: tuple[str, ...]
    content: frozenset[str]
    numbers: frozenset[str]

    @classmethod
    @functools.lru_cache(maxsize=4096)  # clients of a round share most of their instructions
    def of(cls, text: str) -> "Wording":
        """The wording of one instruction."""
        words, content, numbers, negated = [], set(), set(), False
        for token in _tokens(text):
            if not token[-1].isalnum() or token in _SCOPE_ENDS:
                negated = False
            if token in _NEGATORS:
                negated = True
            elif token[-1].isdigit():
                numbers.add(token)
                words.append(token)
            elif token[0].isalpha():
                plain = token in _FUNCTION_WORDS
                words.append(token if plain else "¬" * negated + _stem(token))
                content.update([] if plain else words[-1:])
        return cls(text, tuple(words), frozenset(content), frozenset(numbers))

    @classmethod
    def joined(cls, parts: Sequence["Wording"]) -> "Wording":
        """The wording of neighbouring instructions taken as one."""
        return cls(
            " ".join(part.text for part in parts),
            sum((part.words for part in parts), ()),
            frozenset().union(*(part.content for part in parts)),
            frozenset().union(*(part.numbers for part in parts)),
        )

    def recall(self, other: "Wording") -> float:
        """Share of this one's content words that the other has, in [0, 1]; of all words where none carries meaning."""
        ours, theirs = (self.content, other.content) if self.content else (set(self.words), set(other.words))
        return len(ours & theirs) / len(ours) if ours else 0.0

    def in_order(self, other: "Wording") -> float:
        """Share of this one's words that the other has in the same order (ROUGE-L recall), in [0, 1]."""
        from rapidfuzz.distance import LCSseq

        return LCSseq.similarity(self.words, other.words) / len(self.words) if self.words else 0.0


def _tokens(text: str) -> list[str]:
    """Words, numbers and the punctuation that ends a clause, in lower case."""
    text = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    for pattern, written_out in _CONTRACTIONS:
        text = re.sub(pattern, written_out, text)
    return [
        _NUMBER_WORDS.get(token, token.replace(",", "") if token[-1].isdigit() else token)
        for token in _TOKEN.findall(text)
    ]


def _stem(word: str) -> str:
    """The word without its ending, roughly: counting, counted and counts are the same, careful and carefully too."""
    for _ in range(2):
        for suffix in _SUFFIXES:
            if word.endswith(suffix) and len(word) - len(suffix) >= 2 and not word.endswith("ss"):
                word = word[: -len(suffix)]
                break
    if len(word) > 2 and word[-1] == word[-2]:
        word = word[:-1]
    return word
