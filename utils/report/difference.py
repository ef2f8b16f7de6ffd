"""The difference of two texts: which pieces are unchanged, removed or added.

Sentences are aligned first, without the white space around them, and words only within rewritten sentences. So an
unchanged sentence is shown as a whole, and so is an unrelated new one.
"""

import difflib
import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

from rapidfuzz.distance import Indel

_UNSPACED = "\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # scripts without spaces
_END = r"[.!?:;]+[\"'”’)\]]*(?=\s)|[。！？；：．｡]+[」』”’）】]*|(?=\n)|\Z"
_SENTENCES = re.compile(rf"(\s*)(\S.*?(?:{_END})|\Z)", re.DOTALL)
_WORDS = re.compile(rf"(?:[{_UNSPACED}]|[^\W{_UNSPACED}]+|[^\w\s])[^\S\n]*|\s+")
_MAX_WORDS = 600  # of two sentences; longer ones are not compared word by word
_MAX_PAIRS = 2500  # of old and new sentences in one passage; with more, no sentences are compared word by word
_MIN_SIMILARITY = 0.4  # share of equal words for a word-by-word comparison


class Change(StrEnum):
    """Change of a piece of text. The templates compare the values."""

    SAME = "same"
    REMOVED = "removed"
    ADDED = "added"


@dataclass(frozen=True)
class Piece:
    """A piece of text and its change.

    Attributes:
        change: same, removed or added.
        text: not empty.
        moved: True for an unchanged sentence that was removed here and added elsewhere, or the reverse.
    """

    change: Change
    text: str
    moved: bool = False


Difference = list[Piece]


@dataclass(frozen=True)
class _Sentence:
    """A sentence and the white space before it. The last sentence of a text is empty."""

    space: str
    body: str

    @property
    def words(self) -> list[str]:
        """Words with the white space around them."""
        return _WORDS.findall(self.space + self.body)


def difference(before: str, after: str) -> Difference:
    """Return the pieces of two texts.

    The pieces that were not added make up the old text, and those that were not removed the new text.
    """
    old, new = ([_Sentence(*match.groups()) for match in _SENTENCES.finditer(text)] for text in (before, after))
    unchanged = _longest_common_subsequence([each.body for each in old], [each.body for each in new])
    moved = _bodies(old, {a for a, _ in unchanged}) & _bodies(new, {b for _, b in unchanged})
    pieces: Difference = []
    start_old = start_new = 0
    for a, b in unchanged:
        pieces += _rewritten(old[start_old:a], new[start_new:b], moved)
        pieces += [*_replaced(old[a].space, new[b].space), Piece(Change.SAME, new[b].body)]
        start_old, start_new = a + 1, b + 1
    return _joined(pieces)


def _longest_common_subsequence(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """Return the positions of the elements in both sequences."""
    number_of = {text: number for number, text in enumerate(dict.fromkeys([*old, *new]))}  # texts could collide
    operations = Indel.opcodes([number_of[text] for text in old], [number_of[text] for text in new])
    equal = [each for each in operations if each.tag == "equal"]
    return [(each.src_start + n, each.dest_start + n) for each in equal for n in range(each.src_end - each.src_start)]


def _bodies(sentences: Sequence[_Sentence], excluded: Collection[int]) -> Counter[str]:
    return Counter(each.body for number, each in enumerate(sentences) if number not in excluded)


def _rewritten(old: Sequence[_Sentence], new: Sequence[_Sentence], moved: Collection[str]) -> Iterator[Piece]:
    """Yield the pieces of a passage without unchanged sentences: similar sentences are compared word by word."""
    start_old = start_new = 0
    for a, b in [*_similar(old, new, moved), (len(old), len(new))]:
        yield from _exchanged(old[start_old:a], new[start_new:b], moved)
        if a < len(old):
            yield from _word_difference(old[a].words, new[b].words)
        start_old, start_new = a + 1, b + 1


def _similar(old: Sequence[_Sentence], new: Sequence[_Sentence], moved: Collection[str]) -> list[tuple[int, int]]:
    """Return the positions of similar sentences, in order, so that the sum of their similarities is largest."""
    if not 0 < len(old) * len(new) <= _MAX_PAIRS:
        return []
    words_old, words_new = ([each.words for each in sentences] for sentences in (old, new))
    best: list[list[tuple[float, tuple]]] = [[(0.0, ())] * (len(new) + 1) for _ in range(len(old) + 1)]
    for a, first in enumerate(words_old):
        for b, second in enumerate(words_new):
            best[a + 1][b + 1] = max(best[a][b + 1], best[a + 1][b], key=lambda path: path[0])
            if len(first) + len(second) > _MAX_WORDS or old[a].body in moved or new[b].body in moved:
                continue
            similarity = Indel.normalized_similarity(first, second, score_cutoff=_MIN_SIMILARITY)
            if similarity and best[a][b][0] + similarity > best[a + 1][b + 1][0]:
                best[a + 1][b + 1] = (best[a][b][0] + similarity, (best[a][b][1], (a, b)))
    pairs, path = [], best[-1][-1][1]
    while path:
        path, pair = path
        pairs.append(pair)
    return pairs[::-1]


def _exchanged(old: Sequence[_Sentence], new: Sequence[_Sentence], moved: Collection[str]) -> Iterator[Piece]:
    """Yield old sentences as removed and new ones as added, after their common white space."""
    common = old[0].space if old and new and old[0].space == new[0].space else ""
    yield Piece(Change.SAME, common)
    for change, sentences in ((Change.REMOVED, old), (Change.ADDED, new)):
        for number, each in enumerate(sentences):
            yield Piece(change, each.space if number or not common else "")
            yield Piece(change, each.body, moved=each.body in moved)


def _word_difference(old: Sequence[str], new: Sequence[str]) -> Iterator[Piece]:
    for operation, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if operation == "equal":
            yield Piece(Change.SAME, "".join(new[c:d]))
        else:
            yield from _replaced("".join(old[a:b]), "".join(new[c:d]))


def _replaced(before: str, after: str) -> list[Piece]:
    if before == after:
        return [Piece(Change.SAME, after)]
    return [Piece(Change.REMOVED, before), Piece(Change.ADDED, after)]


def _joined(pieces: Sequence[Piece]) -> Difference:
    """Return the pieces without empty ones, and with adjacent pieces of one kind as one piece."""
    kinds = groupby((piece for piece in pieces if piece.text), key=lambda piece: (piece.change, piece.moved))
    return [Piece(change, "".join(piece.text for piece in group), moved) for (change, moved), group in kinds]
