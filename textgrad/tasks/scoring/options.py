"""Read the option that a text picks: "(B)", "B) the raven", "option B", "Therefore, B is correct.", "not A but B".

A letter is a mention of an option in brackets, after a word such as "option", or alone as a capital. "A" and "I" alone
are also an article and a pronoun: they count only where no sentence goes on. A mention is rejected ("not A", "A is
wrong"), asserted ("the answer is A", "A is correct") or neither; rejected ones never count.
"""

import re
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

from textgrad.tasks.scoring.extract import clean

_NOUN = r"(?:option|choice|letter|alternative|answer|statement|sentence)s?"
_MENTION = re.compile(
    rf"""
      (?<![A-Za-z0-9]) [(\[] (?P<bracketed>[A-Za-z]) [)\]]
    | (?<![A-Za-z]) (?i:{_NOUN}) \s+ ["'*`(\[]* (?P<named>[A-Z](?![\w'’]) | [b-hj-z](?![\w'’])) [)\]]?
    | (?<![A-Za-z0-9_.'’&+-]) (?P<bare>[A-Z]) (?![A-Za-z0-9_'’&+\#] | [.-]\w | \s?/\s?[a-z] | \s?=)
    """,
    re.VERBOSE,
)
_ALONE = re.compile(r"[(\[]?([A-Za-z])[)\]]?[.):]*")
_LABEL = re.compile(r"[(\[]?([A-Za-z])[)\].:](?=\s)")
_GOES_ON = {
    "A": re.compile(
        r"\s+(?!(?:is|was|are|it|and|or|because|since|as|must|would|should|fits|seems|alone|but|does|can|[B-Z])\b)\w"
    ),
    "I": re.compile(r"\s+(?!(?:is|it is|because|or|fits|must be the)\b)\w"),
}
_VERB = r"(?:is|are|was|were|must\ be|would\ be|should\ be|has\ to\ be|seems|looks|appears|remains|can\ be|could\ be)"
_BAD = r"(?:not|no|wrong|incorrect|false|invalid|impossible|out|ruled\ out|eliminated|excluded|rejected|unlikely)"
_REJECTED_BEFORE = re.compile(
    r"""(?i: (?:\b(?:not|never|neither|nor|cannot|than|instead\ of|unlike|except|beside|besides|without|over|against
        | eliminat\w*|exclud\w*|discard\w*|reject\w*|dismiss\w*|cross(?:ed)?\ out|rul\w+\ out|out)|n['’]t)
        (?:\s+(?:be|for|to|pick|choose|option|options|choice|the|both|either|answer|because\ of)){0,3}
        ["'*`:\s]*$)""",
    re.VERBOSE,
)
_REJECTED_AFTER = re.compile(
    rf"""["'*`]*\s+(?i: (?:both\s+)? {_VERB} \s+ (?:\w+ly\s+|all\s+|both\s+)? {_BAD} \b
        | (?:is|are|was|does|do|did|can|could|would)(?:n['’]t|\ not)\b | can['’]t\b | cannot\b
        | fails?\b | contradicts?\b | violates?\b)""",
    re.VERBOSE,
)
_ASSERTED_BEFORE = re.compile(
    rf"""(?: (?i: \b(?:{_NOUN}|pick|selection|solution|conclusion|result|response)\b
            [^.!?\n]{{0,40}}? (?:\b(?:is|was|be)\b|[:=]) )
        | (?i: \b(?:choose|chose|pick|picked|select|selected|go(?:ing)?\ with|opt\ for|conclude|it\ is|it['’]s|must\ be
        | that\ is|leav(?:es|ing)|hence|therefore|thus|so|only) ) | 选择?|答案[是为]?[:：]? )
        [,:]? \s* (?:\w+ly,?\s+)? (?:(?i:the\s+)?(?i:{_NOUN})\s+)? ["'*`:(\[\s]*$""",
    re.VERBOSE,
)
_ASSERTED_AFTER = re.compile(
    rf"""["'*`,)]*\s+(?i: {_VERB} \s+ (?:\w+ly\s+)? (?:the\s+)? (?:\w+ly\s+|only\s+|most\s+)?
        (?:correct|right|true|best|answer|one|valid|solution|choice|option|consistent|likely|accurate|funniest|proper)\b
        | (?:is|does|do|can)\b\W*$ | it\ is\b | fits\b | works\b | holds\b | must\b)""",
    re.VERBOSE,
)
_FILLER = r"(?:or|and|nor|also|possibly|perhaps|maybe|either|both|option|then)"
_BETWEEN = re.compile(rf"[\s,;/&)\]*\"'`]*(?:\b{_FILLER}\b[\s,;/&(\[*\"'`]*)*", re.IGNORECASE)
_JOINED = re.compile(r"\b(?:and|or|nor)\b|[,;/&]", re.IGNORECASE)


class _Mention(NamedTuple):
    letter: str
    kind: str
    start: int
    end: int
    is_rejected: bool
    is_asserted: bool


def option_in(text: str) -> str | None:
    """Return the capital letter of the option that an explicit answer picks, or None if it picks none or several."""
    text = clean(_plain(text))
    if alone := _ALONE.fullmatch(text):
        return alone[1].upper()
    kept = [mention for mention in _mentions(text) if not mention.is_rejected]
    if _is_undecided(text, kept):
        return None
    label = _LABEL.match(text)
    if label and not any(mention.start == 0 for mention in kept) and not _REJECTED_AFTER.match(text, label.end()):
        return label[1].upper()
    if kept and kept[0].start == 0:
        return kept[0].letter
    asserted = {mention.letter for mention in kept if mention.is_asserted}
    if asserted:
        return asserted.pop() if len(asserted) == 1 else None
    for kind in ("bracketed", "named"):
        if found := [mention for mention in kept if mention.kind == kind]:
            return found[0].letter
    return kept[0].letter if len({mention.letter for mention in kept}) == 1 else None


def last_option(reply: str) -> str | None:
    """Return the option that a reply without an explicit answer picks: in its last line, else the last one in it."""
    reply = _plain(reply).strip()
    line = clean(reply.rpartition("\n")[2])
    mentions = _mentions(line)
    if _ALONE.fullmatch(line) or _LABEL.match(line) or _begins_with_option(line, mentions):
        return option_in(line)
    asserted = [mention for mention in mentions if mention.is_asserted and not mention.is_rejected]
    if asserted:
        kept = [mention for mention in mentions if not mention.is_rejected]
        return None if _is_undecided(line, kept) or len({m.letter for m in asserted}) > 1 else asserted[0].letter
    kept = [mention for mention in _mentions(reply) if not mention.is_rejected]
    strong = [mention for mention in kept if mention.kind == "bracketed"]
    strong = strong or [mention for mention in kept if mention.kind == "named"]
    strong = strong or [mention for mention in kept if mention.is_asserted] or _last_letters(line, mentions)
    return None if not strong or _is_undecided(reply, strong[-2:]) else strong[-1].letter


def _last_letters(line: str, mentions: Sequence[_Mention]) -> list[_Mention]:
    """Return the mention that ends a line, if the line picks no other option: "I would say B"."""
    kept = [mention for mention in mentions if not mention.is_rejected]
    ends = bool(kept) and not re.search(r"\w|\?", line[kept[-1].end :])
    return kept[-1:] if ends and len({mention.letter for mention in kept}) == 1 else []


def _plain(text: str) -> str:
    return text if text.isascii() else unicodedata.normalize("NFKC", text).replace("【", "[").replace("】", "]")


def _mentions(text: str) -> list[_Mention]:
    found = [_mention(text, match) for match in _MENTION.finditer(text) if not _is_word(text, match)]
    for index, (left, right) in enumerate(zip(found, found[1:], strict=False), 1):
        if (
            found[index - 1].is_rejected and not right.is_asserted and _are_joined(text, left, right, "or|nor|and")
        ):  # not A or B
            found[index] = right._replace(is_rejected=True)
    for index in range(len(found) - 2, -1, -1):
        left, right = found[index : index + 2]
        if _REJECTED_AFTER.match(text, right.end) and _are_joined(text, left, right, "and|or"):  # A and B are wrong
            found[index] = left._replace(is_rejected=True)
    return found


def _mention(text: str, match: re.Match) -> _Mention:
    kind = match.lastgroup or ""
    before = text[max(0, match.start() - 80) : match.start()]
    is_rejected = bool(_REJECTED_BEFORE.search(before) or _REJECTED_AFTER.match(text, match.end()))
    is_asserted = bool(_ASSERTED_BEFORE.search(before) or _ASSERTED_AFTER.match(text, match.end()))
    is_question = re.match(r"[^.!?\n]*\?", text[match.end() : match.end() + 200]) is not None
    start = 0 if not re.search(r"\w", before) and match.start() < 80 else match.start()
    return _Mention(match[kind].upper(), kind, start, match.end(), is_rejected, is_asserted and not is_question)


def _is_word(text: str, match: re.Match) -> bool:
    goes_on = _GOES_ON.get(match["bare"] or "")
    return goes_on is not None and goes_on.match(text, match.end()) is not None


def _are_joined(text: str, left: _Mention, right: _Mention, words: str) -> bool:
    between = text[left.end : right.start]
    return re.fullmatch(rf"[\s,)(\[\]*]*(?:{words}|,)[\s,)(\[\]*]*", between[:20]) is not None


def _is_undecided(text: str, kept: Sequence[_Mention]) -> bool:
    """Return True for two different options side by side, as in "(A) or (B)"."""
    return any(
        left.letter != right.letter
        and _BETWEEN.fullmatch(text, left.end, right.start)
        and (_JOINED.search(text, left.end, right.start) or not text[left.end : right.start].strip())
        for left, right in zip(kept, kept[1:], strict=False)
    )


def _begins_with_option(line: str, mentions: Sequence[_Mention]) -> bool:
    if not mentions or mentions[0].start > 0:
        return False
    is_delimited = re.match(r"\W*(?:$|[).:,;]|\s*[-–—]|\s+(?:because|is|as|since|it|must)\b)", line[mentions[0].end :])
    return mentions[0].kind == "bracketed" or is_delimited is not None
