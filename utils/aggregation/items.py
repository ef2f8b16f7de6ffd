"""Instructions of uploads as items, with the clients behind them.

Versions of one instruction are one item: its wording in the broadcast prompt and what clients changed it into, or rules
about the same subject with different answers. Additions of several clients in similar words are one item in the first
wording. Similarity is that of `utils.metrics.retention`; rules are compared exactly.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from textgrad.errors import BadReply
from textgrad.rule_lines import put_rules, rules_in, without_rules
from textgrad.tokens import estimate_tokens
from utils.aggregation.contradiction import Contradiction
from utils.aggregation.merging import Merging
from utils.aggregation.upload import Upload
from utils.metrics.instructions import MARKER, instructions
from utils.metrics.retention import MERGED, Fate, InstructionFate, contribution, fates_in, is_paraphrase, overlap
from utils.privacy.leak_guard import REDACTED

_REMOVED = "\0"
_EMPTY_LINE = re.compile(rf"^[ \t]*(?:{MARKER.pattern})?(?:{_REMOVED}[ \t]*)+(?:\n|\Z)", re.MULTILINE)


@dataclass
class Item:
    """One instruction.

    Attributes:
        old: its wording in the broadcast prompt; "" for additions and rules.
        subject: what rules are about, as first written; "" for other instructions.
        versions: uploads behind each wording or, for rules, behind each answer.
    """

    old: str = ""
    subject: str = ""
    versions: dict[str, list[Upload]] = field(default_factory=dict)

    def add(self, version: str, upload: Upload) -> None:
        """Put an upload behind a version, or behind a similar one."""
        same = (
            version if self.subject else next((text for text in self.versions if is_paraphrase(text, version)), version)
        )
        uploads = self.versions.setdefault(same, [])
        uploads += [] if upload in uploads else [upload]

    @property
    def best(self) -> str:
        """The version with the largest support; in a tie the first one."""
        return max(self.versions, key=lambda version: support(self.versions[version]))

    @property
    def support(self) -> tuple[int, int]:
        """Support of all versions; for rules, which contradict each other, of the best one."""
        return support(self.versions[self.best] if self.subject else self.uploads)

    @property
    def uploads(self) -> list[Upload]:
        """The uploads behind any version."""
        return list(dict.fromkeys(upload for uploads in self.versions.values() for upload in uploads))

    @property
    def clients(self) -> dict[str, int]:
        """Number of clients behind each version."""
        return {version: support(uploads)[1] for version, uploads in self.versions.items()}


def support(uploads: Sequence[Upload]) -> tuple[int, int]:
    """Return the number of training questions and of clients behind uploads."""
    return sum(upload.n for upload in uploads), sum(upload.copies for upload in uploads)


def items_of(uploads: Sequence[Upload], broadcast: str) -> list[Item]:
    """Return the instructions of the broadcast prompt, then the additions, then the rules, each in order."""
    base = without_rules(broadcast)
    old = [Item(old=text, versions={text: []}) for text in dict.fromkeys(instructions(base))]
    added: list[Item] = []
    for upload in uploads:
        prompt = without_rules(upload.prompt)
        new = contribution(prompt, base)
        changed = set()
        for item, found in zip(old, fates_in(prompt, [item.old for item in old]), strict=True):
            if version := _version(found, new):
                item.add(version, upload)
                changed.add(version)
        for text in new:
            if text not in changed:
                _similar(added, text).add(text, upload)
    return [*old, *added, *_rule_items(uploads)]


def _version(found: InstructionFate, new: Sequence[str]) -> str:
    """Return what an upload made of an instruction of the broadcast prompt; "" if it removed it.

    Args:
        found: the outcome of the instruction in the upload.
        new: the upload's contribution.
    """
    if found.fate == Fate.KEPT and found.nearest not in new:  # else a client made it longer
        return found.instruction
    nearest = max(new, key=lambda text: overlap(found.instruction, text), default="")
    if nearest and overlap(found.instruction, nearest) >= MERGED:
        return nearest
    return found.instruction if found.fate == Fate.MERGED else ""


def _similar(added: list[Item], text: str) -> Item:
    """Return the item of an addition, which is appended if it is new."""
    found = next((item for item in added if is_paraphrase(next(iter(item.versions)), text)), None)
    if found is None:
        added.append(found := Item())
    return found


def _rule_items(uploads: Sequence[Upload]) -> list[Item]:
    """Return one item per subject. Redacted subjects are compared with the answer: they need not have been equal."""
    items: dict[str, Item] = {}
    for upload in uploads:
        for rule in rules_in(upload.prompt):
            key = str(rule) if REDACTED in rule.subject else rule.subject.casefold()
            items.setdefault(key, Item(subject=rule.subject)).add(rule.answer, upload)
    return list(items.values())


def keep_most_supported(items: Sequence[Item], merging: Merging) -> str:
    """Return the prompt of as many items as fit the token budget, ordered and kept by support.

    Each item has its best version. What is left of the broadcast prompt comes first, then additions, then rules.

    Raises:
        BadReply: no item has support and fits.
    """
    kept = sorted((item for item in items if any(item.support)), key=lambda item: item.support, reverse=True)
    if estimate_tokens(_compose(kept, merging.broadcast)) > merging.token_budget:
        ranked, kept = kept, []
        for item in ranked:
            if estimate_tokens(_compose([*kept, item], merging.broadcast)) <= merging.token_budget:
                kept.append(item)
    if not kept:
        raise BadReply("no instruction has support and is within the token budget")
    merging.contradictions += [
        Contradiction(item.subject.casefold(), item.clients, item.best if item in kept else "", "support")
        for item in items
        if item.subject and len(item.versions) > 1
    ]
    return _compose(kept, merging.broadcast)


def _compose(items: Sequence[Item], broadcast: str) -> str:
    base = without_rules(broadcast)
    edits = dict.fromkeys(instructions(base), "") | {item.old: item.best for item in items if item.old}
    additions = [item.best for item in items if not item.old and not item.subject]
    rules: dict[str, list[str]] = {}
    for item in items:
        if item.subject:
            rules.setdefault(item.best, []).append(item.subject)
    return put_rules(revise(base, edits, additions), rules)


def revise(prompt: str, edits: Mapping[str, str], additions: Sequence[str] = ()) -> str:
    """Return a prompt after changes; everything else keeps its place and form.

    Args:
        prompt: any text.
        edits: new wording of instructions, by their text in `instructions(prompt)`; "" removes one. A new wording
            of several instructions is written once.
        additions: appended, one per line.
    """
    parts: list[str] = []
    written: set[str] = set()
    end = 0
    for instruction in instructions(prompt):
        pattern = re.compile(r"\s+".join(map(re.escape, instruction.split())))
        if found := pattern.search(prompt, end):
            new = edits.get(instruction, found.group())
            repeated = new != found.group() and new in written
            parts += [prompt[end : found.start()], _REMOVED if repeated else new or _REMOVED]
            written.add(new)
            end = found.end()
    text = _EMPTY_LINE.sub("", "".join([*parts, prompt[end:]]))
    text = re.sub(r"\n{3,}", "\n\n", re.sub(rf"{_REMOVED}[ \t]*", "", text)).strip()
    return "\n".join(filter(None, [text, *additions]))
