"""Runs of words that a text copies from private texts."""

from collections import Counter
from collections.abc import Iterable, Sequence

from utils.privacy.normalized_text import Words, template_limit

SHORTEST_RUN = 5  # words
_OTHER_WORD, _END_OF_TEXT, _FIRST_CODE = "\0", "\1", 2


class CopiedRuns:
    """An index of private texts by runs of words.

    Each distinct word is encoded as one character, so that Python's string search finds runs of words.

    Args:
        texts: the private texts.
    """

    def __init__(self, texts: Sequence[str]):
        self._codes: dict[str, str] = {}
        encoded = [self._encode(Words(text).words, extend=True) for text in texts]
        self._texts = _END_OF_TEXT.join(encoded)
        documents, limit = Counter(gram for text in encoded for gram in _grams(text)), template_limit(len(texts))
        self._grams = {gram for gram, count in documents.items() if count <= limit}

    def find(self, words: Sequence[str], public: Sequence[str]) -> tuple[list[tuple[int, int]], float]:
        """Find copied runs of at least 5 words.

        Args:
            words: normalized words of the text to search.
            public: normalized words of a public text, whose runs do not count.

        Returns:
            (first word, length) of each run; and the share of the text's new 5-word runs that were copied, in [0, 1].
        """
        is_public = _public_words(words, public)
        codes = self._encode(words, extend=False)
        encoded = "".join(_OTHER_WORD if skip else code for code, skip in zip(codes, is_public, strict=True))
        starts = range(len(encoded) - SHORTEST_RUN + 1)
        new = [begin for begin in starts if not any(is_public[begin : begin + SHORTEST_RUN])]
        copied = [begin for begin in new if encoded[begin : begin + SHORTEST_RUN] in self._grams]
        runs: list[tuple[int, int]] = []
        end = 0
        for begin in copied:
            stop = max(end, begin + SHORTEST_RUN)
            while stop < len(encoded) and encoded[begin : stop + 1] in self._texts:
                stop += 1
            if stop > end:  # else it is part of the previous run
                runs.append((begin, stop - begin))
                end = stop
        return runs, len(copied) / len(new) if new else 0.0

    def _encode(self, words: Iterable[str], extend: bool) -> str:
        """Return one character per word; words without a code get a new one or, unless `extend`, the same one."""
        if extend:
            words = list(words)
            for word in words:
                if word not in self._codes:
                    self._codes[word] = _code(len(self._codes))
        return "".join(self._codes.get(word, _OTHER_WORD) for word in words)


def _public_words(words: Sequence[str], public: Sequence[str]) -> list[bool]:
    """Return one bool per word: True within a 5-word run of the public text (or all of it, if shorter)."""
    size = min(SHORTEST_RUN, len(words), len(public))
    grams = {tuple(public[begin : begin + size]) for begin in range(len(public) - size + 1)}
    is_public = [False] * len(words)
    for begin in range(len(words) - size + 1) if size else ():
        if tuple(words[begin : begin + size]) in grams:
            is_public[begin : begin + size] = [True] * size
    return is_public


def _grams(encoded: str) -> set[str]:
    return {encoded[begin : begin + SHORTEST_RUN] for begin in range(len(encoded) - SHORTEST_RUN + 1)}


def _code(number: int) -> str:
    """Return the character for word `number`, without the two reserved ones and the surrogates."""
    code = number + _FIRST_CODE
    return chr(code if code < 0xD800 else code + 0x800)
