"""Split a prompt into its instructions, one sentence or list item each.

Common Markdown is supported: list markers are dropped, a code fence stays one instruction, and headings and the lead-in
of a list ("Follow these rules:") are left out.
"""

import re

MARKER = re.compile(r"(?:[-*+•–]|\(?\d{1,3}[.)]|\(?[a-zA-Z][.)])\s+")
_FENCE = re.compile(r"^[ \t]*(`{3,}|~{3,}).*?^[ \t]*\1[ \t]*$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"#{1,6}\s|(?P<mark>\*\*|__)[^*_]*[^*_.!?](?P=mark):?$")
_END = re.compile(r"""(?P<stop>[.!?]+)(?P<closing>["'”’)\]*_`]*)\s+|[。！？]""")
_ENUMERATOR = re.compile(r"(?:^|[:;.!?]\s)\s*\(?\d{1,3}$")
_ABBREVIATIONS = {"e.g", "i.e", "vs", "cf", "approx", "dr", "mr", "mrs", "ms", "prof", "fig", "eq", "al", "resp"}
_BEFORE_A_NUMBER = {"no", "sec", "p", "pp", "ch", "vol"}
_LONG_LINE = 60  # characters; a longer line without a full stop was wrapped, so the next line continues it


def instructions(prompt: str) -> list[str]:
    """Return the prompt's instructions in order, each on one line except code fences.

    Args:
        prompt: any text; Markdown or not.
    """
    parts, position = [], 0
    for fence in _FENCE.finditer(prompt):
        parts += _instructions_of(prompt[position : fence.start()], fence_follows=True) + [fence.group().strip()]
        position = fence.end()
    parts += _instructions_of(prompt[position:], fence_follows=False)
    return [part for part in parts if any(character.isalnum() for character in part)]


def _instructions_of(text: str, fence_follows: bool) -> list[str]:
    """Return the instructions of a text without fences. If a fence follows, the last line may be its lead-in."""
    blocks = _blocks(text)
    found = []
    for index, (block, _) in enumerate(blocks):
        sentences = _sentences(block)
        is_lead_in = blocks[index + 1][1] if index + 1 < len(blocks) else fence_follows
        found += sentences[:-1] if is_lead_in and block.endswith(":") else sentences
    return found


def _blocks(text: str) -> list[tuple[str, bool]]:
    """Return paragraphs and list items without headings, each joined to one line, with True for a list item."""
    blocks: list[tuple[str, bool]] = []
    joins = False  # whether the next line may continue the last block
    width = 0
    for line in map(str.strip, text.splitlines()):
        if not line or _HEADING.match(line):
            joins = False
        elif marker := MARKER.match(line):
            blocks.append((line[marker.end() :].strip(), True))
            joins, width = True, len(line)
        else:
            if joins and blocks[-1][0][-1:] not in (".", "!", "?", ":") and (width >= _LONG_LINE or line[0].islower()):
                blocks[-1] = (f"{blocks[-1][0]} {line}", blocks[-1][1])
            else:
                blocks.append((line, False))
            joins, width = True, len(line)
    return blocks


def _sentences(block: str) -> list[str]:
    sentences, start = [], 0
    for end in _END.finditer(block):
        if _ends_sentence(block, start, end):
            sentences.append(block[start : end.end()])
            start = end.end()
    sentences.append(block[start:])
    stripped = (sentence.strip() for sentence in sentences)
    return [
        MARKER.sub("", sentence, count=1) if MARKER.match(sentence) else sentence for sentence in stripped if sentence
    ]


def _ends_sentence(block: str, start: int, end: re.Match) -> bool:
    """Return whether a full stop before a space, or a full-width one, ends a sentence."""
    if end["stop"] is None:
        return True
    before, following = block[start : end.start()], block[end.end() : end.end() + 1]
    word = re.split(r"[\s(\[\"'“]", before)[-1].lower()
    if end["stop"] == "." and (
        _ENUMERATOR.search(before) or word in _ABBREVIATIONS or word in _BEFORE_A_NUMBER and following.isdigit()
    ):
        return False
    ambiguous = (
        end["closing"] or len(end["stop"]) > 1 or word == "etc"
    )  # a quote or an ellipsis: the next character decides
    return not (ambiguous and following.islower())
