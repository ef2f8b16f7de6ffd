"""Read the blocks between tags in a reply: the one reader of rewrites, merges, repairs, verdicts and answers.

A reply may also mention its tags in sentences, before or after the block, and hold drafts in its reasoning or in code.
The position of a tag in its line tells a block from a mention: see `_grade`.
"""

import functools
import html
import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from textgrad.errors import BadReply

_INSIDE_SENTENCE, _AFTER_SENTENCE, _AT_EDGE, _ALONE = range(4)  # grades of a tag
_MENTION = 6  # words; so few between two tags inside a sentence are no block
_JOINING_WORDS = frozenset(("and", "or", "to", "through", "und", "oder", "bis", "et", "y", "with", "和", "与"))
_DECORATION = " \t*_#>|-`\"'“”„‘’«»()[]{}~"
_MARKUP = ("*", "_", "`")  # around a tag, as in **<A>**, it belongs to the tag
_SENTENCE_ENDS = ".:!?;…。：！？；—–=→"
_QUOTES = {"`": "`", '"': '"', "'": "'", "“": "”", "„": "“", "‘": "’", "«": "»", "「": "」"}
_OTHER_TAGS = re.compile(r"</?[A-Za-z][\w:.-]*(?:\s[^<>]*)?/?>")
_THOUGHT = re.compile(
    r"<(/?)(?:think(?:ing)?|thoughts?|reasoning|reflection|scratchpad|analysis)(?:\s[^<>]*)?>|\[(/?)THINK\]",
    re.IGNORECASE,
)
_LEFT, _RIGHT = r"(?:\\?<|&lt;)", r"(?:\\?>|&gt;)"
_NEAR = 500  # characters of a line that decide on the grade of a tag
_CODE_FENCE = re.compile(r"^[ \t>]*(`{3,}|~{3,})([^`\n]*)$", re.MULTILINE)

Span = tuple[int, int]


class MissingTags(BadReply, IndexError):
    """The reply has no text between the requested tags."""

    kind = "no tags"


@dataclass(frozen=True)
class Block:
    """A text between tags.

    Attributes:
        start, end: of the block with its tags.
        text: between the tags, unchanged unless the tags are written with character references.
        grades: of both tags, from 0 for a tag inside a sentence to 3 for a tag alone on its line.
    """

    start: int
    end: int
    text: str
    grades: tuple[int, int]

    @property
    def certainty(self) -> int:
        """2 if both tags stand at an edge of a line, or around a long text between sentences; 1 or 0 otherwise."""
        certainty = min(_AT_EDGE, *self.grades)
        return _AT_EDGE if certainty == _AFTER_SENTENCE and len(self.words) > _MENTION else certainty

    @property
    def words(self) -> list[str]:
        """The words of the text without markup around them."""
        return self.text.strip(_DECORATION + "\n,.…").split()

    def contains(self, other: "Block") -> bool:
        """Return True if another block is part of this one's text."""
        return self.start < other.start and other.end < self.end


@dataclass(frozen=True)
class _Tag:
    start: int
    end: int
    opens: bool
    grade: int


def between(reply: str, tags: Sequence[str], short: bool = False) -> str:
    """Return the text of the last complete block, stripped and without the common indentation of its lines.

    Args:
        reply: an LLM's reply.
        tags: opening and closing tag; letter case, spaces and attributes do not matter.
        short: as for `find_blocks`.

    Raises:
        MissingTags: there is no complete block, or only empty ones.
    """
    if blocks := find_blocks(reply, tags, short):
        return textwrap.dedent(blocks[-1].text).strip()
    found = list(_tags(reply, tuple(tags)))
    if any(_is_empty(block.text) for block in _pairs(reply, _balanced(list(found)))):
        raise MissingTags(f"nothing stands between {tags[0]} and {tags[1]}")
    if sum(1 if tag.opens else -1 for tag in found) > 0 or (found and found[-1].opens):
        raise MissingTags(f"{tags[0]} is opened and not closed")
    raise MissingTags(f"there is no text between {tags[0]} and {tags[1]}")


def find_blocks(reply: str, tags: Sequence[str], short: bool = False) -> list[Block]:
    """Return the complete blocks of the highest certainty, in order; those inside another one are part of its text.

    Blocks in code count only if there are none outside, and blocks in thoughts never.

    Args:
        reply: an LLM's reply.
        tags: opening and closing tag; letter case, spaces and attributes do not matter.
        short: True if a few words inside a sentence may be a block, as for a verdict.
    """
    found = list(_tags(reply, tuple(tags)))
    thoughts = _thought_spans(reply, found) if found else []
    for hidden in ([*thoughts, *_code_spans(reply)], thoughts):
        visible = [tag for tag in found if not any(start <= tag.start < end for start, end in hidden)]
        pairs = _pairs(reply, _balanced(visible))
        blocks = [block for block in pairs if not _is_empty(block.text) and not _is_mention(block, short)]
        certainty = max((block.certainty for block in blocks), default=0)
        best = [block for block in blocks if block.certainty == certainty]
        if outer := [block for block in best if not any(other.contains(block) for other in best)]:
            return [_unwrapped(block, best) for block in outer]
    return []


@functools.cache
def _pattern(tag: str) -> str:
    """Return the regular expression of a tag, which may be any text or have the form <NAME> or </NAME>."""
    named = re.fullmatch(r"<(/?)([\w:.-]+)>", tag)
    if not named:
        return re.escape(tag)
    name = re.escape(named[2]).replace("_", r"(?:\\?_|[ -])")
    if named[1]:
        return rf"{_LEFT}\s*\\?/\s*{name}\s*{_RIGHT}"
    return rf"{_LEFT}\s*{name}(?:\s[^<>]*?)?\s*(?<!/){_RIGHT}"


def _tags(reply: str, tags: tuple[str, ...]) -> Iterator[_Tag]:
    """Yield the tags in a reply, without those that are quoted."""
    opening, closing = tags
    if opening.lower() == closing.lower():
        for number, found in enumerate(re.finditer(_pattern(opening), reply, re.IGNORECASE)):
            yield _Tag(*found.span(), number % 2 == 0, _AT_EDGE)
        return
    for found in re.finditer(f"(?P<opening>{_pattern(opening)})|{_pattern(closing)}", reply, re.IGNORECASE):
        opens = found["opening"] is not None
        start, end = found.span()
        grade = _grade(reply, start, end, opens)
        quoted = _QUOTES.get(reply[max(0, start - 1) : start]) == reply[end : end + 1] != ""
        while start and end < len(reply) and reply[start - 1] == reply[end] in _MARKUP:
            start, end = start - 1, end + 1
        if not quoted or grade == _ALONE:
            yield _Tag(start, end, opens, grade)


def _grade(reply: str, start: int, end: int, opens: bool) -> int:
    """Return how much the position of a tag in its line looks like the edge of a block."""
    before = reply[max(0, start - _NEAR) : start].rpartition("\n")[2]
    before = _OTHER_TAGS.sub("", before).rstrip(_DECORATION)
    after = _OTHER_TAGS.sub("", reply[end : end + _NEAR].partition("\n")[0]).lstrip(_DECORATION)
    if not before and not after:
        return _ALONE
    if not before or (not opens and not after):
        return _AT_EDGE
    if opens:
        ended = before[-1] in _SENTENCE_ENDS
        return _INSIDE_SENTENCE if not ended else _AFTER_SENTENCE if after else _AT_EDGE
    return _AFTER_SENTENCE if after[0] in _SENTENCE_ENDS or after[0].isupper() else _INSIDE_SENTENCE


def _balanced(tags: list[_Tag]) -> list[_Tag]:
    """Return the tags without those that have no partner: of the tags that may be superfluous, the weakest ones."""
    depth = first = position = 0  # `first`: where the last top-level block begins
    while position < len(tags):
        if tags[position].opens:
            first = first if depth else position
            depth += 1
        elif depth:
            depth -= 1
        else:  # one closing tag too many: keep the best, and of equal ones the first
            closing = [index for index in range(first, position + 1) if not tags[index].opens]
            del tags[min(closing, key=lambda index: (tags[index].grade, -index))]
            continue
        position += 1
    while depth:  # opening tags too many: keep the best, and of equal ones the last
        opening = [index for index in range(first, len(tags)) if tags[index].opens]
        del tags[min(opening, key=lambda index: (tags[index].grade, index))]
        depth, first = _open_at_end(tags)
    return tags


def _open_at_end(tags: list[_Tag]) -> tuple[int, int]:
    """Return the number of tags that are open at the end, and where the last top-level block begins."""
    depth = first = 0
    for index, tag in enumerate(tags):
        first = index if tag.opens and not depth else first
        depth += 1 if tag.opens else -1
    return depth, first


def _pairs(reply: str, tags: list[_Tag]) -> list[Block]:
    """Return the blocks between balanced tags, in the order of their closing tags."""
    opened: list[_Tag] = []
    blocks = []
    for tag in tags:
        if tag.opens:
            opened.append(tag)
            continue
        opening = opened.pop()
        text = reply[opening.end : tag.start]
        if reply.startswith("&", opening.start):  # the whole block is escaped
            text = html.unescape(text)
        blocks.append(Block(opening.start, tag.end, text, (opening.grade, tag.grade)))
    return blocks


def _is_empty(text: str) -> bool:
    return not text.strip(" \n\t\r.…")


def _is_mention(block: Block, short: bool) -> bool:
    """Return True if a sentence only names the tags, as in "what stands between <A> and </A>"."""
    if block.certainty == _AT_EDGE:
        return False
    if short:
        return len(block.words) == 1 and block.words[0].lower() in _JOINING_WORDS
    in_sentence = min(block.grades) == _INSIDE_SENTENCE or max(block.grades) == _AFTER_SENTENCE
    return in_sentence and len(block.words) <= _MENTION


def _unwrapped(block: Block, blocks: Sequence[Block]) -> Block:
    """Return the innermost block of a block whose tags are written twice."""
    for inner in blocks:
        if block.contains(inner) and inner.end - inner.start == len(block.text.strip()):
            return _unwrapped(inner, blocks)
    return block


def _thought_spans(reply: str, tags: Sequence[_Tag]) -> list[Span]:
    """Return where the reasoning in a reply is: in its tags, before a closing tag alone, or after an open one."""
    spans: list[Span] = []
    opened, closed = [], []
    for found in _THOUGHT.finditer(reply):
        if not (found[1] or found[2]):
            opened.append(found)
        elif opened:
            spans.append((opened.pop().start(), found.end()))
        else:
            closed.append(found)

    def counts(found: re.Match[str]) -> bool:
        """Return True for a tag that begins a line, outside of other reasoning and of a block that mentions it."""
        begins_line = not reply[max(0, found.start() - _NEAR) : found.start()].rpartition("\n")[2].strip()
        depth = sum(1 if tag.opens else -1 for tag in tags if tag.start < found.start())
        return begins_line and depth <= 0 and not any(start <= found.start() < end for start, end in spans)

    ends = [found.end() for found in closed if counts(found)]
    starts = [found.start() for found in opened if counts(found)]
    return [*spans, *[(0, end) for end in ends[-1:]], *[(start, len(reply)) for start in starts[:1]]]


def _code_spans(reply: str) -> list[Span]:
    """Return where the fenced code blocks in a reply are."""
    spans, opened = [], None
    for found in _CODE_FENCE.finditer(reply):
        if opened is None:
            opened = found
        elif found[1].startswith(opened[1]) and not found[2].strip():
            spans.append((opened.start(), found.end()))
            opened = None
    return spans
