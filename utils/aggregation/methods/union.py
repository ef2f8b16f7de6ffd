"""union: every line of the uploads once. Rules with the same answer become one; contradicting rules are settled.

Two rules contradict each other if they give different answers for the same subject. The answer with more clients
behind it is kept. A tie is decided by validation: for each upload in turn, the union that takes its side in all ties is
scored.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

from textgrad.rule_lines import Rule
from utils.aggregation.contradiction import Contradiction
from utils.aggregation.merging import Merging
from utils.aggregation.upload import Upload

_Support = dict[str, Counter[str]]  # clients by answer, by subject in lower case


def merge(uploads: Sequence[Upload], merging: Merging) -> str:
    """Return the union of lines, with the lines of the first upload first."""
    support = _support(uploads)
    ties = [subject for subject, answers in support.items() if len(_leaders(answers)) > 1]
    candidates = {_union(uploads, _settled(support, upload)): None for upload in (uploads if ties else uploads[:1])}
    prompt = next(iter(candidates))
    by_validation = len(candidates) > 1 and merging.score is not None
    if by_validation:
        prompt = max(candidates, key=merging.score)
    kept = {subject: rule.answer for rule in _rules(prompt) for subject in map(str.casefold, rule.subjects)}
    merging.contradictions += [
        Contradiction(
            subject, dict(answers), kept[subject], "validation" if by_validation and subject in ties else "support"
        )
        for subject, answers in support.items()
        if len(answers) > 1
    ]
    return merging.concat([prompt])


def _rules(prompt: str) -> list[Rule]:
    return [rule for line in prompt.splitlines() if (rule := Rule.read(line))]


def _support(uploads: Sequence[Upload]) -> _Support:
    support: _Support = {}
    for upload in uploads:
        pairs = {(subject.casefold(), rule.answer) for rule in _rules(upload.prompt) for subject in rule.subjects}
        for subject, answer in sorted(pairs):
            support.setdefault(subject, Counter())[answer] += upload.copies
    return support


def _leaders(answers: Mapping[str, int]) -> list[str]:
    """Return the answers with the largest support."""
    return [answer for answer, count in answers.items() if count == max(answers.values())]


def _settled(support: _Support, favourite: Upload) -> dict[str, str]:
    """Return the answer of each subject; in a tie, that of one upload, or the first one."""
    own = {subject.casefold(): rule.answer for rule in _rules(favourite.prompt) for subject in rule.subjects}
    settled = {}
    for subject, answers in support.items():
        leaders = _leaders(answers)
        settled[subject] = own[subject] if own.get(subject) in leaders else leaders[0]
    return settled


def _union(uploads: Sequence[Upload], settled: Mapping[str, str]) -> str:
    """Return all lines in order, where a rule has all subjects that are settled for its answer."""
    first, *others = (upload.prompt.splitlines() for upload in uploads)
    added = dict.fromkeys(line for lines in others for line in lines if line.strip() and line not in first)
    lines = [(line, Rule.read(line)) for line in [*first, *added]]
    subjects: dict[str, dict[str, str]] = {}
    for _, rule in lines:
        for subject in rule.subjects if rule else ():
            if rule and settled[subject.casefold()] == rule.answer:
                subjects.setdefault(rule.answer, {}).setdefault(subject.casefold(), subject)
    kept = []
    for line, rule in lines:
        if rule is None:
            kept.append(line)
        elif of_answer := subjects.pop(rule.answer, None):
            kept.append(str(Rule(tuple(of_answer.values()), rule.answer)))
    return "\n".join(kept)
