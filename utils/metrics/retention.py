"""Retention: which instructions of a client's upload the new global prompt keeps.

A client's contribution is the instructions of its upload that the broadcast prompt did not have. Each of them is
searched in the new global prompt, among its sentences and runs of up to three sentences:

- kept: word for word or nearly (ROUGE-L recall >= 0.85 and 0.85 of the content words);
- merged: in other words or another order (recall of content words, as ROUGE-1, >= 0.6; 0.75 in a run of sentences);
- lost: otherwise, and always if a number is missing. A negated word is a different word.

The thresholds were tuned on the hand-made merges in the tests. Word overlap misses paraphrases without common words;
`utils.metrics.judge` asks a model. rapidfuzz computes the longest common subsequence, as rouge-score is unmaintained
since 2022. ROUGE: Lin, Text Summarization Branches Out (2004) 74-81.
"""

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

from textgrad.concurrency import fan_out
from textgrad.errors import BadReply
from utils.metrics.instructions import instructions
from utils.metrics.stemmed_instruction import StemmedInstruction

MERGED = 0.6
_KEPT, _MERGED_IN_RUN = 0.85, 0.75
_LONGEST_RUN = 3


class Fate(StrEnum):
    """Outcome of an instruction. The values are part of results.json and of the judge's replies."""

    KEPT = "kept"
    MERGED = "merged"
    LOST = "lost"


@dataclass(frozen=True)
class InstructionFate:
    """Outcome of one instruction.

    Attributes:
        instruction: its text in the upload.
        fate: kept, merged or lost.
        overlap: share of its content words in the nearest passage, in [0, 1].
        nearest: the most similar passage of the new prompt; "" without overlap.
    """

    instruction: str
    fate: Fate
    overlap: float
    nearest: str


Judge = Callable[[str, str], Fate]
"""Decides the fate of an instruction: (instruction, new prompt) -> fate. May raise `BadReply`."""


@dataclass(frozen=True)
class Retention:
    """Outcome of one client's contribution in one round.

    Attributes:
        fates: one per instruction, in the upload's order.
    """

    fates: tuple[InstructionFate, ...]

    @property
    def rate(self) -> float | None:
        """Share of the contribution that was kept or merged, in [0, 1]; None without a contribution."""
        return 1 - len(self.lost) / len(self.fates) if self.fates else None

    @property
    def lost(self) -> list[str]:
        """Texts of the lost instructions."""
        return [found.instruction for found in self.fates if found.fate == Fate.LOST]

    def count(self, fate: Fate) -> int:
        """Return the number of instructions with a fate."""
        return sum(found.fate == fate for found in self.fates)

    def as_json(self) -> dict[str, Any]:
        """Return `{"rate", "kept", "merged", "lost", "fates": [...]}`."""
        fates = [asdict(found) | {"overlap": round(found.overlap, 4)} for found in self.fates]
        return {"rate": _rounded(self.rate)} | {fate.value: self.count(fate) for fate in Fate} | {"fates": fates}


def contribution(upload: str, broadcast: str) -> list[str]:
    """Return the upload's distinct instructions that the broadcast prompt does not keep (see above).

    A broadcast instruction that the client rewrote is part of the contribution.
    """
    by_words: dict[tuple[str, ...], str] = {}
    for instruction in instructions(upload):
        by_words.setdefault(StemmedInstruction.parse(instruction).words, instruction)
    return [found.instruction for found in fates_in(broadcast, by_words.values()) if found.fate != Fate.KEPT]


def retention(upload: str, broadcast: str, new_prompt: str, judge: Judge | None = None) -> Retention:
    """Return the outcome of one client's contribution.

    Args:
        upload: the client's prompt.
        broadcast: prompt at the start of the round.
        new_prompt: the merged prompt.
        judge: decides for every instruction that was not kept; if it raises `BadReply` or is None, the word overlap
            decides.
    """
    fates = fates_in(new_prompt, contribution(upload, broadcast))
    if judge is None:
        return Retention(tuple(fates))

    def judged(found: InstructionFate) -> InstructionFate:
        if found.fate == Fate.KEPT:
            return found
        try:
            return replace(found, fate=judge(found.instruction, new_prompt))
        except BadReply:
            return found

    return Retention(tuple(fan_out(judged, fates)))


def retention_by_client(
    uploads: Mapping[int, str], broadcast: str, merged: str, judge: Judge | None = None
) -> dict[int, Retention]:
    """Return `retention` for each client's upload."""
    return {client: retention(upload, broadcast, merged, judge) for client, upload in uploads.items()}


def mean_rate(retentions: Mapping[int, Retention], sizes: Mapping[int, int] | None = None) -> float | None:
    """Return the mean retention rate of clients with a contribution; None if there are none.

    Args:
        retentions: by client.
        sizes: weights by client; equal weights if None.
    """
    rates = [(each.rate, sizes[client] if sizes else 1) for client, each in retentions.items() if each.rate is not None]
    total = sum(weight for _, weight in rates)
    return sum(weight * rate for rate, weight in rates) / total if total else None


def retention_record(retentions: Mapping[int, Retention], sizes: Mapping[int, int]) -> dict[str, Any]:
    """Return `{"mean": rate, "weighted_mean": rate, "clients": {client: {"rate", "kept", "merged", "lost"}}}` for logs.

    Args:
        retentions: by client.
        sizes: training questions by client, the weights of the second mean.
    """
    clients = {
        str(client): {key: value for key, value in each.as_json().items() if key != "fates"}
        for client, each in retentions.items()
    }
    means = {"mean": _rounded(mean_rate(retentions)), "weighted_mean": _rounded(mean_rate(retentions, sizes))}
    return {**means, "clients": clients}


def lost_rows(round_number: int, client: int, found: Retention) -> list[dict[str, Any]]:
    """Return the lost instructions as rows of round, client, instruction, overlap and nearest passage."""
    return [
        {
            "round": round_number,
            "client": client,
            "instruction": each.instruction,
            "overlap": round(each.overlap, 2),
            "nearest": each.nearest,
        }
        for each in found.fates
        if each.fate == Fate.LOST
    ]


def fates_in(prompt: str, wanted: Iterable[str]) -> list[InstructionFate]:
    """Return the outcome of each wanted instruction in a prompt, by word overlap."""
    passages, verbatim = _passages(prompt)
    fates = []
    for instruction in wanted:
        target = StemmedInstruction.parse(instruction)
        same = verbatim.get(target.words)
        fates.append(InstructionFate(instruction, Fate.KEPT, 1.0, same) if same else _fate(target, passages))
    return fates


def overlap(instruction: str, other: str) -> float:
    """Return the share of an instruction's content words in another one, in [0, 1]."""
    return StemmedInstruction.parse(instruction).recall_in(StemmedInstruction.parse(other))


def is_paraphrase(first: str, second: str) -> bool:
    """Return True if two instructions have the same numbers, and each has most content words of the other."""
    same_numbers = StemmedInstruction.parse(first).numbers == StemmedInstruction.parse(second).numbers
    return same_numbers and min(overlap(first, second), overlap(second, first)) >= MERGED


@functools.lru_cache(maxsize=4)  # all clients of a round are compared with the same two prompts
def _passages(prompt: str) -> tuple[list[tuple[int, StemmedInstruction]], dict[tuple[str, ...], str]]:
    """Return runs of sentences with their lengths, and the single sentences by their words."""
    sentences = [StemmedInstruction.parse(sentence) for sentence in instructions(prompt)]
    runs = [
        (length, StemmedInstruction.join(sentences[start : start + length]))
        for length in range(1, _LONGEST_RUN + 1)
        for start in range(len(sentences) - length + 1)
    ]
    return runs, {sentence.words: sentence.text for sentence in sentences}


def _fate(target: StemmedInstruction, passages: Sequence[tuple[int, StemmedInstruction]]) -> InstructionFate:
    # The passage is chosen before numbers are compared, else "use 5 steps" would find its missing 3 in a neighbour.
    overlaps = [target.recall_in(passage) for _, passage in passages]
    overlap = max(overlaps, default=0.0)
    if not overlap:
        return InstructionFate(target.text, Fate.LOST, 0.0, "")
    nearest = [run for run, share in zip(passages, overlaps, strict=True) if share == overlap]
    length, passage = max(
        nearest, key=lambda run: (-run[0], target.numbers <= run[1].numbers, target.ordered_recall_in(run[1]))
    )
    fate = Fate.LOST
    if target.numbers <= passage.numbers:
        if min(overlap, target.ordered_recall_in(passage)) >= _KEPT:
            fate = Fate.KEPT
        elif overlap >= (MERGED if length == 1 else _MERGED_IN_RUN):
            fate = Fate.MERGED
    return InstructionFate(target.text, fate, overlap, passage.text)


def _rounded(rate: float | None) -> float | None:
    return None if rate is None else round(rate, 4)
