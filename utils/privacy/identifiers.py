"""Identifiers in private texts: numbers, names, and secrets such as addresses and keys."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from utils.privacy.normalized_text import NormalizedText, normalize, template_limit
from utils.privacy.numbers import is_common

_CAPITALIZABLE = re.compile(r"[^\W\d_]{3,}")
_NUMBER = re.compile(r"\d+(?:[-.,/ ]\d+)*")
_TOKEN = re.compile(r"[^\W_]+(?:(?:[-_.@/]|://)[^\W_]+)*")
_COMMON_TOKEN = re.compile(r"\d+[a-z]+|[a-z]+\d{1,3}")  # 10-minute, 3rd, covid-19
_VERB_FORM = re.compile(r".{4,}(?:ing|tion|ally)")  # begins sentences without being a name: "Considering that"
_DECIMAL = re.compile(r"\d{1,3}\.\d{1,2}")
_SECRET = re.compile(
    r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+|\b(?:sk|pk|ghp|xox[abp]|AKIA|AIza)[-_A-Za-z0-9]{12,}"
    r"|\b(?=[A-Za-z]*\d)(?=\d*[A-Za-z])[A-Za-z0-9]{20,}"
)
_SENTENCE_START = re.compile(r"""(?:^|[.!?:;]["'”’)]*\s|\n)\W*$""")
_LOOK_BEHIND = 20  # characters before a word that show whether it begins a sentence


def _word_list(name: str) -> frozenset[str]:
    return frozenset(Path(__file__).with_name(name).read_text(encoding="ascii").split())


_COMMON_WORDS = _word_list("common_words.txt")
_NAMES_THAT_ARE_WORDS = _word_list("names_that_are_words.txt")  # names only if capitalized within a sentence


class Kind(StrEnum):
    """Kind of an identifier."""

    NUMBER = "number"
    NAME = "name"
    SECRET = "secret"


@dataclass(frozen=True)
class Identifier:
    """A private string.

    Attributes:
        kind: number, name or secret.
        key: its normalized letters and digits.
        text: its spelling in the private text.
    """

    kind: Kind
    key: str
    text: str

    def find_in(self, upload: NormalizedText) -> Iterator[tuple[int, int]]:
        """Yield (start, end) of each occurrence that is not part of a longer number or word."""
        for start, end in upload.occurrences(self.key):
            if self._matches(upload.text, start, end):
                yield start, end

    def _matches(self, text: str, start: int, end: int) -> bool:
        if self.kind == Kind.SECRET:
            return True
        return _stands_alone(text, start, end) and (self.kind == Kind.NUMBER or self._is_name(text, start, end))

    def _is_name(self, text: str, start: int, end: int) -> bool:
        """Return False for parts of consecutive words, and for an ordinary word with the spelling of a name."""
        if re.search(r"[^\W_][ \t]+[^\W_]", text[start:end]):
            return False
        if self.key not in _NAMES_THAT_ARE_WORDS:
            return True
        return text[start].isupper() and not _begins_sentence(text, start)


def identifiers(texts: Sequence[str]) -> list[Identifier]:
    """Return numbers, names and secrets of private texts, each once.

    A number has at least four digits, over separators too, and is not common; `utils.privacy.numbers` finds shorter
    ones. A secret is an e-mail address, an access key, a URL,
    or an id of at least six letters and digits. A name is a capitalized word of at least three letters that is not a
    common word and never appears in lower case; if it only begins sentences, it must not belong to the template.
    """
    found: dict[str, Identifier] = {}

    def add(kind: Kind, text: str) -> None:
        if key := normalize(text):
            found.setdefault(key, Identifier(kind, key, text))

    for text in texts:
        for secret in _secrets(text):
            add(Kind.SECRET, secret)
        for number in _numbers(text):
            add(Kind.NUMBER, number)
    for name in _names(texts):
        add(Kind.NAME, name)
    return list(found.values())


def secrets_anywhere(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield (start, end, key) of e-mail addresses and access keys, private or not."""
    return ((*match.span(), normalize(match.group())) for match in _SECRET.finditer(text))


def _secrets(text: str) -> Iterator[str]:
    yield from (match.group() for match in _SECRET.finditer(text))
    for token in _TOKEN.findall(text):
        if token.isalpha():  # most tokens are words
            continue
        key = normalize(token)
        if len(key) < 6:
            continue
        mixed = any(map(str.isdigit, key)) and any(map(str.isalpha, key)) and not _COMMON_TOKEN.fullmatch(key)
        if mixed or "://" in token or "_" in token:
            yield token


def _numbers(text: str) -> Iterator[str]:
    """Yield chains such as 415-555-2671 or 12,345, and their parts."""
    for chain in _NUMBER.findall(text):
        for number in [chain, *re.findall(r"\d+", chain)]:
            key = normalize(number)
            if len(key) >= 4 and not is_common(key) and not _DECIMAL.fullmatch(number):
                yield number


def _names(texts: Sequence[str]) -> list[str]:
    lower: set[str] = set()
    capitalized: dict[str, str] = {}
    within_sentence: set[str] = set()
    documents: Counter[str] = Counter()
    for text in texts:
        keys = set()
        text = _SECRET.sub(" ", text)  # in mark@example.org, mark is not an ordinary word
        for match in _CAPITALIZABLE.finditer(text):
            word = match.group()
            if not word[0].isupper():
                lower.add(word)
                continue
            key = normalize(word)
            capitalized.setdefault(key, word)
            keys.add(key)
            if not _begins_sentence(text, match.start()):
                within_sentence.add(key)
        documents.update(keys)
    ordinary, limit = set(map(normalize, lower)) | _COMMON_WORDS, template_limit(len(texts))
    return [
        word
        for key, word in capitalized.items()
        if key not in ordinary and (key in within_sentence or documents[key] <= limit and not _VERB_FORM.fullmatch(key))
    ]


def _begins_sentence(text: str, start: int) -> bool:
    return _SENTENCE_START.search(text[max(0, start - _LOOK_BEHIND) : start]) is not None


def _stands_alone(text: str, start: int, end: int) -> bool:
    """Return False inside a longer number or word. A number may touch letters, and a name may touch digits."""
    before, after = text[start - 1 : start], text[end : end + 1]
    return not (_same_kind(before, text[start]) or _same_kind(after, text[end - 1]))


def _same_kind(one: str, other: str) -> bool:
    return one.isdigit() and other.isdigit() or one.isalpha() and other.isalpha()
