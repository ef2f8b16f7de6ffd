"""Private texts made searchable, whatever an upload does to case, accents, punctuation, spaces and line ends.

`Squeezed` is a text reduced to its letters and digits with the way back; `Words` its words; `identifiers` picks from
private texts what points at somebody or something: numbers, names, and secrets such as addresses and ids.
"""

import functools
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_WORD = re.compile(
    r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|(?:(?![\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af])"
    r"[^\W_][\u0300-\u036f\u00ad\u200b-\u200d\u2060\ufeff]*)+"
)  # unspaced scripts: a word a character
_ASCII_WORD = re.compile(r"[^\W_]+")  # the same in a text that has none of those, sooner found
_LETTERS = re.compile(r"[^\W\d_]{3,}")
_NUMBER = re.compile(r"\d+(?:[-.,/ ]\d+)*")
_TOKEN = re.compile(r"[^\W_]+(?:(?:[-_.@/]|://)[^\W_]+)*")
_PLAIN = re.compile(r"\d+[a-z]+|[a-z]+\d{1,3}")  # 10-minute, 3rd, covid-19: what everybody writes
_VERBAL = re.compile(r".{4,}(?:ing|tion|ally)")  # begins a sentence without being a name: "Considering that"
_ROUND = re.compile(r"[1-9]0+|0+")
_DECIMAL = re.compile(r"\d{1,3}\.\d{1,2}")
_SECRET = re.compile(
    r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+|\b(?:sk|pk|ghp|xox[abp]|AKIA|AIza)[-_A-Za-z0-9]{12,}"
    r"|\b(?=[A-Za-z]*\d)(?=\d*[A-Za-z])[A-Za-z0-9]{20,}"
)
_SENTENCE_START = re.compile(r"""(?:^|[.!?:;]["'”’)]*\s|\n)\W*$""")

_COMMON = set(
    [
        "a",
        "about",
        "above",
        "according",
        "add",
        "after",
        "again",
        "all",
        "alternatively",
        "also",
        "always",
        "an",
        "and",
        "another",
        "answer",
        "any",
        "are",
        "as",
        "ask",
        "assume",
        "at",
        "be",
        "because",
        "before",
        "below",
        "both",
        "but",
        "by",
        "calculate",
        "can",
        "check",
        "choose",
        "complete",
        "consider",
        "correct",
        "count",
        "could",
        "decide",
        "define",
        "describe",
        "determine",
        "did",
        "do",
        "does",
        "during",
        "each",
        "either",
        "ensure",
        "evaluate",
        "every",
        "example",
        "explain",
        "false",
        "few",
        "final",
        "finally",
        "find",
        "first",
        "follow",
        "following",
        "for",
        "from",
        "give",
        "given",
        "has",
        "have",
        "he",
        "her",
        "here",
        "hence",
        "him",
        "his",
        "how",
        "i",
        "identify",
        "if",
        "in",
        "input",
        "instead",
        "into",
        "is",
        "it",
        "its",
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
        "just",
        "last",
        "later",
        "let",
        "list",
        "make",
        "many",
        "me",
        "more",
        "most",
        "must",
        "my",
        "name",
        "next",
        "no",
        "none",
        "not",
        "note",
        "now",
        "number",
        "of",
        "on",
        "once",
        "one",
        "only",
        "option",
        "options",
        "or",
        "order",
        "other",
        "our",
        "output",
        "over",
        "please",
        "problem",
        "provide",
        "put",
        "question",
        "read",
        "reason",
        "recall",
        "remember",
        "respond",
        "response",
        "result",
        "same",
        "second",
        "she",
        "should",
        "show",
        "since",
        "so",
        "solution",
        "solve",
        "some",
        "sort",
        "start",
        "state",
        "statement",
        "step",
        "still",
        "such",
        "suppose",
        "sure",
        "take",
        "task",
        "tell",
        "than",
        "that",
        "the",
        "their",
        "them",
        "then",
        "there",
        "therefore",
        "these",
        "they",
        "think",
        "this",
        "those",
        "though",
        "three",
        "thus",
        "to",
        "total",
        "true",
        "two",
        "under",
        "until",
        "up",
        "use",
        "using",
        "value",
        "verify",
        "was",
        "we",
        "were",
        "what",
        "when",
        "where",
        "whether",
        "which",
        "while",
        "who",
        "whose",
        "why",
        "will",
        "with",
        "without",
        "work",
        "would",
        "write",
        "yes",
        "yet",
        "you",
        "your",
    ]
)
_ALSO_WORDS = set(
    [
        "amber",
        "angel",
        "art",
        "autumn",
        "basil",
        "bill",
        "bob",
        "buck",
        "carol",
        "chance",
        "chase",
        "chip",
        "christian",
        "crystal",
        "daisy",
        "dale",
        "dawn",
        "dean",
        "drew",
        "faith",
        "frank",
        "gene",
        "glen",
        "grace",
        "grant",
        "harmony",
        "heath",
        "heather",
        "holly",
        "hope",
        "ivy",
        "jack",
        "jade",
        "jasmine",
        "jay",
        "jean",
        "jewel",
        "joy",
        "lance",
        "lane",
        "lily",
        "mark",
        "mason",
        "max",
        "melody",
        "miles",
        "miller",
        "misty",
        "nick",
        "norm",
        "olive",
        "page",
        "parker",
        "pat",
        "patience",
        "pearl",
        "penny",
        "pepper",
        "peter",
        "pierce",
        "ray",
        "reed",
        "rich",
        "rob",
        "robin",
        "rocky",
        "rod",
        "rose",
        "ruby",
        "rusty",
        "sage",
        "sandy",
        "scarlet",
        "sky",
        "star",
        "stone",
        "sue",
        "summer",
        "victor",
        "violet",
        "ward",
        "woody",
    ]
)  # names that are words as well: theirs only where capitalised within a sentence


@dataclass(frozen=True)
class Identifier:
    """Something private to look for.

    Attributes:
        kind: "number", "name" or "secret".
        key: its letters and digits, without case and accents.
        text: as the private text has it.
    """

    kind: str
    key: str
    text: str


class Squeezed:
    """A text's letters and digits, without case and accents, each with its place in the text.

    Attributes:
        text: the original.
        key: the letters and digits.
    """

    def __init__(self, text: str):
        self.text = text
        if text.isascii():
            self._places = [place for place, character in enumerate(text) if character.isalnum()]
            self.key = _plain(text)
            return
        letters, self._places = [], []
        for place, character in enumerate(text):
            for letter in _plain(character):
                letters.append(letter)
                self._places.append(place)
        self.key = "".join(letters)

    def find(self, wanted: Identifier) -> Iterator[tuple[int, int]]:
        """Where it stands in the original, as (start, end); not within a longer number or word."""
        begin = self.key.find(wanted.key)
        while begin >= 0:
            start, end = self._places[begin], self._places[begin + len(wanted.key) - 1] + 1
            if wanted.kind == "secret" or self._stands_alone(start, end) and self._is_sought(wanted, start, end):
                yield start, end
            begin = self.key.find(wanted.key, begin + 1)

    def _stands_alone(self, start: int, end: int) -> bool:
        """A number may touch letters, and a name digits, but neither more of its own kind."""
        before, after = self.text[start - 1 : start], self.text[end : end + 1]
        return not (_same_kind(before, self.text[start]) or _same_kind(after, self.text[end - 1]))

    def _is_sought(self, wanted: Identifier, start: int, end: int) -> bool:
        """For a name: not pieced together from words that follow each other, and no word of the language."""
        if wanted.kind == "number":
            return True
        if re.search(r"[^\W_][ \t]+[^\W_]", self.text[start:end]):
            return False
        within = not _SENTENCE_START.search(self.text[max(0, start - 20) : start])
        return wanted.key not in _ALSO_WORDS or within and self.text[start].isupper()


class Words:
    """A text's words with their places.

    Attributes:
        words: without case and accents.
        spans: (start, end) of each in the text.
    """

    def __init__(self, text: str):
        pattern = _ASCII_WORD if text.isascii() else _WORD
        found = [(word, match.span()) for match in pattern.finditer(text) if (word := _plain(match.group()))]
        self.words = [word for word, _ in found]
        self.spans = [span for _, span in found]


def template_limit(texts: int) -> int:
    """What stands in more of the texts than this belongs to their template, as "How many ... do I have?" does."""
    return max(4, texts // 20)


def identifiers(texts: Sequence[str]) -> list[Identifier]:
    """Numbers, names and secrets of private texts; each once.

    A number has four digits or more and is not round (1000, 20). A secret is an e-mail address, an access key, a URL,
    or an id of six letters and digits or more. A name is a capitalised word of three letters or more that the texts
    nowhere write small and that is no common word; one that only ever begins a sentence must not be of their template.
    """
    found: dict[str, Identifier] = {}

    def add(kind: str, text: str) -> None:
        if key := _plain(text):
            found.setdefault(key, Identifier(kind, key, text))

    for text in texts:
        for secret in _secrets(text):
            add("secret", secret)
        for number in _numbers(text):
            add("number", number)
    for name in _names(texts):
        add("name", name)
    return list(found.values())


def secrets_anywhere(text: str) -> Iterator[tuple[int, int, str]]:
    """Where a text has what looks like an e-mail address or an access key, whoever's it is: (start, end, key)."""
    return ((*match.span(), _plain(match.group())) for match in _SECRET.finditer(text))


def _secrets(text: str) -> Iterator[str]:
    yield from (match.group() for match in _SECRET.finditer(text))
    for token in _TOKEN.findall(text):
        if token.isalpha():  # most are words
            continue
        key = _plain(token)
        if len(key) < 6:
            continue
        mixed = any(map(str.isdigit, key)) and any(map(str.isalpha, key)) and not _PLAIN.fullmatch(key)
        if mixed or "://" in token or "_" in token:
            yield token


def _numbers(text: str) -> Iterator[str]:
    """Chains such as 415-555-2671 or 12,345, and their parts."""
    for chain in _NUMBER.findall(text):
        for number in [chain, *re.findall(r"\d+", chain)]:
            key = _plain(number)
            if len(key) >= 4 and not _ROUND.fullmatch(key) and not _DECIMAL.fullmatch(number):
                yield number


def _names(texts: Sequence[str]) -> list[str]:
    small, capital, within, having = set(), {}, set(), Counter()
    for text in texts:
        here = set()
        for match in _LETTERS.finditer(text):
            word = match.group()
            if not word[0].isupper():
                small.add(word)
                continue
            key = _plain(word)
            capital.setdefault(key, word)
            here.add(key)
            if not _SENTENCE_START.search(text[max(0, match.start() - 20) : match.start()]):
                within.add(key)
        having.update(here)
    small, limit = set(map(_plain, small)), template_limit(len(texts))
    return [
        word
        for key, word in capital.items()
        if key not in small
        and key not in _COMMON
        and (key in within or having[key] <= limit and not _VERBAL.fullmatch(key))
    ]


@functools.lru_cache(1 << 14)  # a client's texts hold thousands of words, mostly the same ones
def _plain(text: str) -> str:
    """Letters and digits alone: compatibility forms resolved, accents dropped, small, digits of any script as 0-9."""
    if text.isascii():
        return "".join(filter(str.isalnum, text.lower()))
    return "".join(
        str(unicodedata.decimal(character, character))
        for character in unicodedata.normalize("NFKD", text).casefold()
        if character.isalnum()
    )


def _same_kind(one: str, other: str) -> bool:
    return one.isdigit() and other.isdigit() or one.isalpha() and other.isalpha()
