"""What an upload reveals of a client's own training questions and answers, and a guard that keeps it back.

What the broadcast prompt already held is no leak. Looked for are copied runs of words, and identifiers: numbers of
four digits and more, names, secrets (e-mail addresses, ids, keys). Case, accents, punctuation, spaces and line ends do
not hide anything; a paraphrase, a translation or an encoding does. Short numbers ("answer: 3") are everywhere.
"""

import functools
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from textgrad.errors import unknown
from utils.privacy.private_text import Identifier, Squeezed, Words, identifiers, secrets_anywhere, template_limit

MODES = ("off", "warn", "redact", "block")
REDACTED = "[redacted]"
COPIED_RUN = 6  # words in a row; shorter ones are the language's own ("how many are there in")
_GRAM = 5
_ROUNDS = 5
_UNKNOWN, _BREAK, _FIRST = "\0", "\1", 2


@dataclass(frozen=True)
class Leak:
    """What an upload reveals.

    Attributes:
        longest_run: longest run of words that a private text has too; 0 where it is below 5.
        overlap: share of the upload's new runs of 5 words that a private text has too, in [0, 1]. Runs that stand in
            many of the texts are their template and do not count.
        numbers, names, secrets: identifiers of the private texts, as those write them. Secrets count wherever they
            come from.
        spans: (start, end) of what must not leave, in the upload, in order, apart from each other.
        score: share of the upload's characters in those spans, in [0, 1].
    """

    longest_run: int = 0
    overlap: float = 0.0
    numbers: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    spans: tuple[tuple[int, int], ...] = ()
    score: float = 0.0

    @property
    def level(self) -> str:
        """ "none"; "some" where 5 words in a row were copied but nothing that must stay; "leak" where there is."""
        return "leak" if self.spans else "some" if self.longest_run else "none"

    def as_json(self) -> dict:
        """Level and counts. The strings themselves are left out: logs get published."""
        return {
            "level": self.level,
            "score": round(self.score, 4),
            "longest_run": self.longest_run,
            "overlap": round(self.overlap, 4),
            "numbers": len(self.numbers),
            "names": len(self.names),
            "secrets": len(self.secrets),
        }


class Private:
    """A client's private texts, prepared once and searched at every upload.

    Args:
        texts: its training questions and answers.
    """

    def __init__(self, texts: Iterable[str]):
        texts = list(texts)
        self.identifiers: list[Identifier] = identifiers(texts)
        self._letters: dict[str, str] = {}
        spelled = [self._spell(Words(text).words, learn=True) for text in texts]
        self._copied = _BREAK.join(spelled)  # a run of words never goes on in the next text
        having, limit = Counter(gram for text in spelled for gram in _grams(text)), template_limit(len(texts))
        self._grams = {gram for gram, many in having.items() if many <= limit}

    def leak(self, upload: str, known: str) -> Leak:
        """What an upload reveals beyond a known text."""
        words, (known_words, held) = Words(upload), _broadcast(known)
        runs, overlap = self._runs(words.words, known_words.words)
        spans = [
            (words.spans[begin][0], words.spans[begin + length - 1][1])
            for begin, length in runs
            if length >= COPIED_RUN
        ]
        found: dict[str, set[str]] = {"number": set(), "name": set(), "secret": set()}
        sent = Squeezed(upload)
        for wanted in self.identifiers:
            if wanted.key in sent.key and (places := list(sent.find(wanted))) and not any(held.find(wanted)):
                spans += places
                found[wanted.kind].add(wanted.text)
        for start, end, key in secrets_anywhere(upload):
            if key not in held.key:
                spans.append((start, end))
                found["secret"].add(upload[start:end])
        merged = _merged(spans)
        return Leak(
            max((length for _, length in runs), default=0),
            overlap,
            tuple(sorted(found["number"])),
            tuple(sorted(found["name"])),
            tuple(sorted(found["secret"])),
            merged,
            sum(end - start for start, end in merged) / max(1, len(upload)),
        )

    def _runs(self, words: Sequence[str], known: Sequence[str]) -> tuple[list[tuple[int, int]], float]:
        """The copied runs as (first word, length >= 5), and the overlap."""
        held = _held(words, known)
        # A word is one character here, so that Python's own string search finds runs of words.
        spelled = "".join(_UNKNOWN if old else letter for letter, old in zip(self._spell(words, learn=False), held))
        new = [begin for begin in range(len(spelled) - _GRAM + 1) if not any(held[begin : begin + _GRAM])]
        shared = [begin for begin in new if spelled[begin : begin + _GRAM] in self._grams]
        runs: list[tuple[int, int]] = []
        end = 0
        for begin in shared:
            stop = max(end, begin + _GRAM)
            while stop < len(spelled) and spelled[begin : stop + 1] in self._copied:
                stop += 1
            if stop > end:  # else it lies within the run before
                runs.append((begin, stop - begin))
                end = stop
        return runs, len(shared) / len(new) if new else 0.0

    def _spell(self, words: Sequence[str], learn: bool) -> str:
        """One character a word. Words that no private text has are all the same."""
        if learn:
            for word in words:
                if word not in self._letters:
                    self._letters[word] = _letter(len(self._letters))
        return "".join(self._letters.get(word, _UNKNOWN) for word in words)


def guard(
    upload: str, broadcast: str, private: Private | Iterable[str], mode: str = "warn", public: str = ""
) -> tuple[str, Leak, str]:
    """What may leave the client.

    Args:
        upload: the prompt the client trained.
        broadcast: the prompt it was sent.
        private: the client's training questions and answers; a `Private` where several uploads are to be looked at.
        public: what everybody knows besides, such as the task's description and answer format.
        mode: "off" looks at nothing; "warn" measures; "redact" puts `[redacted]` for what must not leave; "block"
            falls back on the broadcast.

    Returns:
        The text to send, what the upload would have revealed, and what was done: "none", "warned", "redacted" or
        "blocked". Under `redact`, "blocked" too where redaction could not help.

    Raises:
        UsageError: unknown mode.
    """
    if mode not in MODES:
        raise unknown("leak guard", mode, MODES)
    if mode == "off":
        return upload, Leak(), "none"
    private = private if isinstance(private, Private) else Private(private)
    known = f"{broadcast}\n{public}"
    leak = private.leak(upload, known)
    if not leak.spans:
        return upload, leak, "none"
    if mode == "warn":
        return upload, leak, "warned"
    if mode == "redact":
        text, left = upload, leak
        for _ in range(_ROUNDS):  # what is left is looked at again: nothing leaves on trust
            text = _redacted(text, left.spans)
            left = private.leak(text, known)
            if not left.spans:
                return text, leak, "redacted"
    return broadcast, leak, "blocked"


def _redacted(text: str, spans: Sequence[tuple[int, int]]) -> str:
    for start, end in reversed(spans):
        text = text[:start] + REDACTED + text[end:]
    return text


@functools.lru_cache(maxsize=4)  # every client of a round was sent the same
def _broadcast(text: str) -> tuple[Words, Squeezed]:
    return Words(text), Squeezed(text)


def _merged(spans: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Spans in order, those that overlap or touch made one."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)


def _held(words: Sequence[str], known: Sequence[str]) -> list[bool]:
    """For each word whether it stands in a run of 5 that the known text has too (or of all, in a shorter text)."""
    size = min(_GRAM, len(words), len(known))
    grams = {tuple(known[begin : begin + size]) for begin in range(len(known) - size + 1)}
    held = [False] * len(words)
    for begin in range(len(words) - size + 1) if size else ():
        if tuple(words[begin : begin + size]) in grams:
            held[begin : begin + size] = [True] * size
    return held


def _grams(spelled: str) -> set[str]:
    return {spelled[begin : begin + _GRAM] for begin in range(len(spelled) - _GRAM + 1)}


def _letter(number: int) -> str:
    """The character for word `number`, past the two with a meaning and the surrogates."""
    code = number + _FIRST
    return chr(code if code < 0xD800 else code + 0x800)
