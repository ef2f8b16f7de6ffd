"""Texts normalized for search: case, accents, punctuation, spaces and line ends do not hide a match."""

import functools
import re
import unicodedata
from collections.abc import Iterator

_UNSPACED = r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]"  # scripts without spaces
_INVISIBLE = r"[\u0300-\u036f\u00ad\u200b-\u200d\u2060\ufeff]"  # combining accents, soft hyphens, zero width
_WORD = re.compile(rf"{_UNSPACED}|(?:(?!{_UNSPACED})[^\W_]{_INVISIBLE}*)+")  # unspaced scripts: one word per character
INVISIBLE = re.compile(_INVISIBLE)
_ASCII_WORD = re.compile(r"[^\W_]+")  # the same for ASCII texts, but faster


@functools.lru_cache(1 << 14)  # a client's texts have thousands of words, most of them repeated
def normalize(text: str) -> str:
    """Return letters and digits only: lower case, without accents, compatibility forms and digits of any script."""
    if text.isascii():
        return "".join(filter(str.isalnum, text.lower()))
    return "".join(
        str(unicodedata.decimal(character, character))
        for character in unicodedata.normalize("NFKD", text).casefold()
        if character.isalnum()
    )


class NormalizedText:
    """A text's letters and digits with their positions.

    Attributes:
        text: the original.
        key: the normalized letters and digits.
    """

    def __init__(self, text: str):
        self.text = text
        self._positions: list[int] = []
        if text.isascii():
            self._positions = [position for position, character in enumerate(text) if character.isalnum()]
            self.key = normalize(text)
            return
        letters: list[str] = []
        for position, character in enumerate(text):
            for letter in normalize(character):
                letters.append(letter)
                self._positions.append(position)
        self.key = "".join(letters)

    def occurrences(self, key: str) -> Iterator[tuple[int, int]]:
        """Yield (start, end) in the original for each occurrence of a normalized key."""
        begin = self.key.find(key)
        while begin >= 0:
            yield self._positions[begin], self._positions[begin + len(key) - 1] + 1
            begin = self.key.find(key, begin + 1)


class Words:
    """A text's words with their positions.

    Attributes:
        words: normalized words.
        spans: (start, end) of each word in the text.
    """

    def __init__(self, text: str):
        pattern = _ASCII_WORD if text.isascii() else _WORD
        found = [(word, match.span()) for match in pattern.finditer(text) if (word := normalize(match.group()))]
        self.words = [word for word, _ in found]
        self.spans = [span for _, span in found]


def template_limit(texts: int) -> int:
    """Return the number of texts above which shared words are a template, such as "How many ... do I have?"."""
    return max(4, texts // 20)
