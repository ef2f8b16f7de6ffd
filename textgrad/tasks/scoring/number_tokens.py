r"""Split a text with numbers into tokens: literals, words, LaTeX commands, exponents and symbols.

Everything that is written in several ways is reduced to one here: minus signs, full-width digits, LaTeX spacing, fonts
and delimiters, currency signs, thousands separators. `number_grammar` reads the tokens.
"""

import re
import unicodedata
from fractions import Fraction
from typing import NamedTuple

MAX_DIGITS = 400  # of a literal: more than in any sensible answer, few enough to compute with

_KEPT = ("<super>", "<sub>", "<fraction>")  # Unicode's compatibility forms that change a number's value
_SAME = str.maketrans(
    {
        **dict.fromkeys("\u2212\u2010\u2011\u2012\u2013\ufe63", "-"),
        **dict.fromkeys("×·⋅∗✕", "*"),
        **dict.fromkeys("⁄∕", "/"),
        **dict.fromkeys("≈≃≅≐", "="),
        **dict.fromkeys("⟹⇒→⟶∴", ";"),
        "。": ".\n",
        "÷": "/ ",
        "’": "'",
    }
)
_REWRITTEN = (
    (r"\\(?:text(?:bf|rm|it|tt|sf)?|math(?:bf|rm|it|tt|sf)|operatorname|mbox)\s*\{((?:[^{}]|\{[^{}]*\})*)\}", r" \1 "),
    (r"\*\*(?!\d)|(?<!\d)\*\*|__|\\[()\[\]]|\\(?:left|right|[Bb]igg?[lr]?|displaystyle|limits)(?![A-Za-z])", " "),
    (r"\\\\|\\newline\b", "\n"),
    (r"\|(-[^|\s]{1,40})\|", r"abs(\1)"),
    (r"\^\s*(?:\{\s*\\circ\s*\}|\\circ)|\\degree\b|\\textdegree\b", "°"),
    (r"\\([%$&#_{}|])", r"\1"),
    (r"(\\[dtc]?frac)\s*(\d)", r"\1{\2}"),
    (r"(\\[dtc]?frac\s*\{[^{}]*\})\s*(\d)", r"\1{\2}"),
    (r"\\sqrt\s*(\d)(?!\d)", r"\\sqrt{\1}"),
    (r"\{\s*([,.])\s*\}", r"\1"),
    (r"(?<=\d)(?:\\[,;:! ]|[~\u00a0\u2007-\u200a\u202f])(?=\d{3}(?!\d))", ""),
    (r"\\(?:[,;:! ]|q?quad(?![A-Za-z]))|~", " "),
    (r"([$€£¥₹₩₽]\s?\d[\d,.]*)\s?([mM]|[bB]n?)\b", lambda match: f"{match[1]} {match[2][0].lower()}illion"),
    (r"-\s?[$€£¥₹₩₽]\s?", "-"),
    (r"[$€£¥₹₩₽]", " "),
)
_COMPILED = [(re.compile(pattern), replacement) for pattern, replacement in _REWRITTEN]
_FRACTIONS = "¼-¾⅐-⅞↉"
_SUPERSCRIPTS = "⁰¹²³⁴-⁹⁺⁻"
_LETTERS = "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f"
_NO_LETTERS = rf"\W\d_{_LETTERS}{_FRACTIONS}{_SUPERSCRIPTS}π"
_TOKEN = re.compile(
    rf"""
      (?P<space>[^\S\n]+) | (?P<newline>\n)
    | (?P<number>(?:\.?\d(?:[\d,._':]*\d)?)(?:[eE][+-]?\d+(?![\w.]))?)
    | (?P<vulgar>[{_FRACTIONS}])
    | (?P<super>[{_SUPERSCRIPTS}]+)
    | (?P<word>[{_LETTERS}][{_LETTERS}0-9]*(?:'[{_LETTERS}]+)?(?:_\w+|_\{{[^{{}}]*\}})*|[^{_NO_LETTERS}]+)
    | (?P<command>\\[A-Za-z]+(?:_\d|_[A-Za-z]|_\{{[^{{}}]*\}})?)
    | (?P<symbol><=|>=|!=|==|->|=>|\*\*|\.{{2,}}|.)
    """,
    re.VERBOSE,
)
_EXPONENT = r"(?:[eE][+-]?\d{1,3})?"
_LITERAL = re.compile(
    rf"""(?: (?:\d+|[1-9]\d{{0,2}}(?:,\d{{3}})+|[1-9]\d{{0,2}}(?:'\d{{3}})+|[1-9]\d{{0,2}}(?:_\d{{3}})+
       |[1-9]\d?(?:,\d\d)+,\d{{3}})(?:\.\d+)?|\.\d+){_EXPONENT}""",
    re.VERBOSE,
)
_DECIMAL_COMMA = re.compile(r"[1-9]\d{0,2}(?:\.\d{3}){2,}(?:,\d+)?|[1-9]\d{0,2}(?:\.\d{3})+,(?:\d\d?|\d{4,})")


def names(text: str) -> frozenset[str]:
    """Return the words of a text as a set."""
    return frozenset(text.split())


class Token(NamedTuple):
    """A part of a text.

    Attributes:
        kind: number, vulgar (a fraction such as ½), super (superscript digits), word, command, symbol or newline.
        text: its characters.
        start: its position in the text.
        spaced: True if white space precedes it.
    """

    kind: str
    text: str
    start: int
    spaced: bool


def prepare(text: str) -> str:
    """Return the text with one way to write what is written in several ways."""
    if not text.isascii():
        text = "".join(map(_plain, text)).translate(_SAME)
    for pattern, replacement in _COMPILED:
        text = pattern.sub(replacement, text)
    return text


def tokens_of(text: str) -> list[Token]:
    """Return the tokens of a prepared text."""
    tokens, spaced = [], True
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or ""
        if kind != "space":
            tokens.append(Token(kind, match[0], match.start(), spaced))
        spaced = kind in ("space", "newline")
    return tokens


def literal(text: str) -> Fraction | None:
    """Return the value of a number in digits, or None if its separators are in the wrong places."""
    if len(text) > MAX_DIGITS:
        return None
    if _LITERAL.fullmatch(text):
        return Fraction(re.sub("[,'_]", "", text))
    if _DECIMAL_COMMA.fullmatch(text):
        return Fraction(text.replace(".", "").replace(",", "."))
    return None


def _plain(character: str) -> str:
    if character.isdecimal():
        return str(unicodedata.decimal(character))
    if character.isascii() or unicodedata.decomposition(character).startswith(_KEPT) or character.isspace():
        return character
    return unicodedata.normalize("NFKC", character)
