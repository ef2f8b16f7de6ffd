"""Find the final answer in a reply: after "Answer:", in tags, in \\boxed{} or in bold.

An answer is explicit if the reply marks it as the answer ("Answer: 7", "the answer is 7", a heading "Final answer",
<answer> or <solution> tags, \\boxed{7}). Bold text is only a hint, used if the reply has no explicit answer.
"""

import re

from textgrad.engine.reply import Text
from textgrad.tagged import find_blocks

_TAGS = (("<answer>", "</answer>"), ("<solution>", "</solution>"))
_MARKER = re.compile(
    r"""
    \banswers?\b [*_`'")\]]*                                # the word, perhaps the end of a bold or quoted one
    (?: \s+ (?:to|for|of) \s [^.:\n]{1,80}? )?              # the answer to the question is
    \s* (?: [:=：] | (?P<verb> \b (?:is|are|was|would\ be|should\ be|equals) \b ) \s* :? )
    | (?:答案|答え|解答|回答|정답|답) \s* (?:[:=：] | [是为為は은는] \s* [:：]?)
    | \b(?:Réponse|Respuesta|Resposta|Risposta|Antwort|Ответ) \b [*_]* \s* [:：]
    | ^ [#*_>\ ]* (?:the\s+|my\s+)? (?:final\s+)? answers? [*_:\ ]* $      # a heading
    """,
    re.IGNORECASE | re.VERBOSE | re.MULTILINE,
)
_EXCLAIMED = re.compile(r"([^\n$\\=!]*\w[*_`\"”]*)!+[*_` \t]*(?=\n|$)")
_ORNAMENT = re.compile(r"[*_`$#]*|```\w*|\\\[|\\\(|-{3,}")
_BOLD = re.compile(r"(?<![\w*])\*{2,3}(?=\S)([^\n]+?)(?<=\S)\*{2,3}(?![\w*])")
_FENCE = re.compile(r"^[*\s]*```\w*\n(.*?)\n?```", re.DOTALL)
_FONT = re.compile(r"\\(?:text(?:bf|rm|it|tt)?|math(?:bf|rm|it|tt)|operatorname)\s*\{((?:[^{}]|\{[^{}]*\})*)\}")
_MAX_WRAPPERS = 8  # nested wrappers that are removed
_QUOTES = (("'", "'"), ("‘", "’"), ("「", "」"), ("『", "』"), ("«", "»"))
_WRAPPERS = (("$", "$"), ("\\(", "\\)"), ("\\[", "\\]"), ("__", "__"), *_QUOTES)


def is_incomplete(prediction: str) -> bool:
    """Return True for a reply with a flaw, such as a truncated one: only its explicit answer counts."""
    return isinstance(prediction, Text) and bool(prediction.flaw)


def final_answer(prediction: str) -> str | None:
    """Return the explicit answer of a reply, else the last bold text of its last paragraph, else None."""
    explicit = explicit_answer(prediction)
    return explicit if explicit is not None else bold_answer(prediction)


def explicit_answer(prediction: str) -> str | None:
    """Return the first line of the last explicit answer, without markup, or None."""
    for rest in _after_markers(prediction):
        for line in rest.splitlines():
            if not _ORNAMENT.fullmatch(line.strip()):
                return clean(line)
    return boxed(prediction)


def explicit_block(prediction: str) -> str | None:
    """Return all lines of the last explicit answer unchanged, for answers such as grids, or None."""
    for rest in _after_markers(prediction):
        fenced = _FENCE.match(rest)
        block = fenced[1] if fenced else re.sub(r"^[*_]{2}(?=\s)", "", rest.strip()).strip("\n")
        if block.strip():
            return block
    return boxed(prediction)


def bold_answer(prediction: str) -> str | None:
    """Return the last bold text of the last paragraph, without markup, or None."""
    spans = bold_spans(re.split(r"\n\s*\n", prediction.strip())[-1])
    return spans[-1] if spans else None


def bold_spans(text: str) -> list[str]:
    """Return all texts between ** and **, in order, without markup."""
    return [clean(span) for span in _BOLD.findall(text)]


def boxed(text: str) -> str | None:
    """Return the content of the last \\boxed{}, with balanced inner braces, or None."""
    start = max(text.rfind("\\boxed{"), text.rfind("\\fbox{"))
    if start < 0:
        return None
    begin = text.index("{", start) + 1
    depth = 1
    for position in range(begin, len(text)):
        depth += {"{": 1, "}": -1}.get(text[position], 0) * (text[position - 1] != "\\")
        if depth == 0:
            return clean(text[begin:position])
    return None


def clean(text: str) -> str:
    """Return a short text without bold and code markup, quotes, math delimiters, font commands and final full stop."""
    for _ in range(_MAX_WRAPPERS):
        before, text = text, _unwrapped(text)
        if text == before:
            break
    return text


def _unwrapped(text: str) -> str:
    text = re.sub(r"(?<=[^.])[.。．]$", "", text.strip('*`"“”„ \t\n\r'))
    for left, right in _WRAPPERS:
        if len(text) > len(left + right) and text.startswith(left) and text.endswith(right):
            text = text[len(left) : -len(right)]
    if "boxed{" in text:
        text = boxed(text) or text
    return _FONT.sub(r"\1", text)


def _after_markers(prediction: str) -> list[str]:
    """Return the text after each marker of an explicit answer, last marker first, without empty texts.

    The last line of an incomplete reply may be half an answer: a marker in it counts only in complete tags.
    """
    lines = prediction[: prediction.rfind("\n") + 1] if is_incomplete(prediction) else prediction
    found = [(match.start(), _unexclaimed(lines[match.end() :], match)) for match in _MARKER.finditer(lines)]
    found += [(block.start, block.text) for tags in _TAGS for block in find_blocks(prediction, tags, short=True)]
    return [rest for _, rest in sorted(found, reverse=True) if rest.strip("*_`$# \n")]


def _unexclaimed(rest: str, marker: re.Match) -> str:
    """Return the text after a marker; in a sentence ("the answer is 5!") an exclamation mark is no factorial."""
    exclaimed = _EXCLAIMED.match(rest) if marker["verb"] else None
    return exclaimed[1] + rest[exclaimed.end() :] if exclaimed else rest
