"""Scorers for texts, numbers, options and lists: pure functions `(prediction, answer) -> 1 or 0`.

All read a reply in one order: its explicit answer, else bold text of its last paragraph, else its last value of the
expected kind. An incomplete reply counts only with an explicit answer, an empty one never.
"""

import re
import unicodedata
from collections.abc import Callable
from typing import TypeVar

from textgrad.tasks.scoring.extract import bold_answer, clean, explicit_answer, explicit_block, is_incomplete
from textgrad.tasks.scoring.numerals import last_number, number_in, same_number
from textgrad.tasks.scoring.options import last_option, option_in
from textgrad.tasks.scoring.scorer import Scorer
from textgrad.text import loose_key

Value = TypeVar("Value")

_POSITIVE = {"yes", "true", "valid", "plausible"}
_POLAR = re.compile(
    r"(?:(?P<negated>\b(?:not|never|cannot|hardly|neither|nor|far from|no longer)|n['’]t)"
    r"(?:\s+(?:be|a|an|the|very|at all|\w+ly|the case that \w+ \w+ is)){0,3}\s+)?"
    r"\b(?P<word>yes|no(?=\s*(?:[^\w\s]|$|because\b|since\b|as\b))|true|false|valid|invalid|plausible|implausible|untrue)\b"
    r"(?!\s+(?:answer|one)\b)|\A(?P<first>no)\b(?!\s+(?:answer|one|doubt|question|way|matter|idea)\b)",
    re.IGNORECASE,
)
_NEITHER = re.compile(r"\bneither\b.*\bnor\b", re.IGNORECASE)
_EITHER = re.compile(r"\s*(?:/|&|or|and)\s*", re.IGNORECASE)
_SPECIAL = re.compile("(?P<super>[⁰¹²³⁴-⁹⁺⁻]+)|[¼-¾⅐-⅞]")
_ESCAPED = re.compile(r"\\([%$&#_{}~*.,!()\[\] +-])")
_PUNCTUATION = str.maketrans({"。": ".", "、": ",", "「": '"', "」": '"', "『": '"', "』": '"'})
_SYMBOLS = "[\u2600-\u27bf\ufe0f\U0001f300-\U0001faff\\s]+"  # such as a tick
_SYMBOLS_AROUND = re.compile(f"^{_SYMBOLS}|{_SYMBOLS}$")
_BRACKETS = re.compile(r"[^()\[\]{}<>]")
_BRACKET_RUN = re.compile(r"[()\[\]{}<>](?:\s*[()\[\]{}<>])*")
_BOX = re.compile(r"\\f?boxed\{(.*)\}")


def read_answer(
    prediction: str, parse: Callable[[str], Value | None], search: Callable[[str], Value | None]
) -> Value | None:
    """Return the value that a reply gives as its answer, or None.

    Args:
        prediction: the reply; an incomplete one is read for an explicit answer only.
        parse: returns the value of an explicit answer, which decides even if it is None.
        search: returns the last value in a reply without an explicit answer.
    """
    explicit = explicit_answer(prediction)
    if explicit is not None:
        return parse(explicit)
    if _is_unusable(prediction):
        return None
    bold = bold_answer(prediction)
    value = parse(bold) if bold else None
    return search(prediction) if value is None else value


def number(prediction: str, answer: str) -> int:
    """Compare as signed numbers; understands "-5", "1,234", "7.0", "$7", "7 apples", "1/2" and "\\boxed{7}"."""
    expected = number_in(answer)
    if expected is None:
        return exact(prediction, answer)
    return int(same_number(read_answer(prediction, number_in, last_number), expected))


def exact(prediction: str, answer: str) -> int:
    """Compare as texts, ignoring case, white space, quotes, markup and compatibility forms such as full-width letters.

    Without an explicit answer, bold text, the last line or the full reply may match. An answer of several lines is
    compared with all lines of the explicit answer, else with the last paragraphs or the full reply.
    """
    expected = normalize(answer)
    if "\n" in answer.strip():
        return int(normalize_lines(answer) in map(normalize_lines, _blocks(prediction, answer)))
    explicit = explicit_answer(prediction)
    if explicit is not None:
        return int(normalize(explicit) == expected)
    if _is_unusable(prediction):
        return 0
    return int(
        expected in (normalize(bold_answer(prediction) or ""), normalize(_last_line(prediction)), normalize(prediction))
    )


def choice(prediction: str, answer: str) -> int:
    """Compare options: "(B)", "B", "b)", "option B" and "(B) because (A) is wrong" mean B, "(A) or (B)" none."""
    expected = option_in(answer)
    return (
        exact(prediction, answer)
        if expected is None
        else int(read_answer(prediction, option_in, last_option) == expected)
    )


def boolean(prediction: str, answer: str) -> int:
    """Compare the sides of yes/no, true/false, valid/invalid, plausible/implausible; "not valid" means invalid."""
    expected = polarity_in(answer)
    return (
        exact(prediction, answer)
        if expected is None
        else int(read_answer(prediction, polarity_in, _last_side) is expected)
    )


def words(prediction: str, answer: str) -> int:
    """Compare words in order, with any separators: spaces, commas, lines, numbering, a Python list."""
    expected = _words(answer)
    block = explicit_block(prediction)
    if block is not None:
        paragraph = block.strip().split("\n\n")[0]
        is_column = len(paragraph.splitlines()) > 1 and all(len(_words(line)) == 1 for line in paragraph.splitlines())
        parts = [None if is_column else explicit_answer(prediction), paragraph]
    elif _is_unusable(prediction):
        return 0
    else:
        parts = [bold_answer(prediction), _last_line(prediction), prediction.strip().split("\n\n")[-1]]
    found = [_words(part or "") for part in parts]
    without_and = [[word for word in listed if word != "and" or "and" in expected] for listed in found]
    return int(bool(expected) and expected in without_and)


def brackets(prediction: str, answer: str) -> int:
    """Compare brackets in order, ignoring all other characters of the answer."""
    expected, box = _BRACKETS.sub("", answer), _BOX.findall(prediction)
    found: str | None
    if box:  # its braces may be unbalanced
        found = _BRACKETS.sub("", clean(box[-1]))
    else:
        found = read_answer(prediction, lambda text: _BRACKETS.sub("", text), _last_brackets)
    return int(bool(expected) and found == expected)


def polarity_in(text: str) -> bool | None:
    """Return True for yes, true, valid or plausible, False for their opposites, None for neither or both."""
    text = clean(text).rpartition("=")[2].strip()
    found = list(_POLAR.finditer(text))
    if not found or _NEITHER.search(text) or _undecided(text, found, _side):
        return None
    return _side(found[0] if found[0].start() == 0 else found[-1])


def normalize(text: str) -> str:
    """Return a short text for comparison: without markup, in one case, with plain quotes, dashes and single spaces.

    Full-width and other compatibility forms are plain, except that ² is ^2 and ½ is 1/2.
    """
    for _ in range(2):  # a full-width quote is a quote only after the first pass
        text = _SPECIAL.sub(_spelled, clean(text))
        text = loose_key(_ESCAPED.sub(r"\1", text)).translate(_PUNCTUATION).rstrip(".")
    inner = re.fullmatch(r"\[([^\[\]]+)\]", text)
    return _SYMBOLS_AROUND.sub("", inner[1] if inner else text) or text


def normalize_lines(text: str) -> str:
    """Return the normalized lines of a text, without list marks and empty lines, joined by spaces."""
    lines = (normalize(re.sub(r"^\s*[>*•]\s+", "", line)) for line in text.splitlines())
    return " ".join(line for line in lines if line)


def _spelled(match: re.Match) -> str:
    text = unicodedata.normalize("NFKC", match[0]).replace("\u2044", "/").replace("\u2212", "-")
    return f"^{text}" if match["super"] else f" {text}"


def _blocks(prediction: str, answer: str) -> list[str]:
    """Return the texts of a reply that may be an answer of several lines."""
    paragraphs = len(re.split(r"\n\s*\n", answer.strip()))
    block = explicit_block(prediction)
    if block is None and _is_unusable(prediction):
        return []
    text = (prediction if block is None else block).strip()
    parts = re.split(r"\n\s*\n", text)
    fenced = re.findall(r"```\w*\n(.*?)\n?```", text, re.DOTALL)
    return [text, "\n".join(parts[-paragraphs:] if block is None else parts[:paragraphs]), *fenced[-1:]]


def _is_unusable(prediction: str) -> bool:
    return is_incomplete(prediction) or not prediction.strip()


def _side(match: re.Match) -> bool:
    return ((match["word"] or "no").lower() in _POSITIVE) != bool(match["negated"])


def _undecided(text: str, found: list[re.Match], value: Callable[[re.Match], object]) -> bool:
    """Return True for two different adjacent values, as in "(A) or (B)"."""
    return any(
        _EITHER.fullmatch(text, left.end(), right.start()) and value(left) != value(right)
        for left, right in zip(found, found[1:], strict=False)
    )


def _last_side(reply: str) -> bool | None:
    line = _last_line(reply)
    if _POLAR.match(line):  # such as "Yes, there is no doubt"
        return polarity_in(line)
    found = list(_POLAR.finditer(reply))
    return _side(found[-1]) if found else None


def _last_line(reply: str) -> str:
    return clean(reply.strip().rpartition("\n")[2])


def _last_brackets(reply: str) -> str | None:
    """Return the last line of brackets only, else the last run of brackets in the last line."""
    lines = [re.sub(r"[\s*`$\"'“”.]", "", line) for line in reply.splitlines()]
    if whole := next((line for line in reversed(lines) if line and not _BRACKETS.search(line)), None):
        return whole
    runs = _BRACKET_RUN.findall(_last_line(reply))
    return re.sub(r"\s", "", runs[-1]) if runs else None


def _words(text: str) -> list[str]:
    listed = normalize(text).rpartition(":")[2]
    items = [item.strip("\"'[]().`*-•") for item in re.split(r"[\s,;]+|->|→", listed)]
    return [item for item in items if item and not item.isdigit() and any(map(str.isalnum, item))]


SCORERS: dict[str, Scorer] = {
    "number": number,
    "exact": exact,
    "choice": choice,
    "boolean": boolean,
    "words": words,
    "brackets": brackets,
}
