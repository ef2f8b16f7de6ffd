"""union: concatenate the uploads, group their rules by answer, and settle contradictions.

Two rules contradict each other if they give different answers for the same subject. The answer with more clients
behind it is kept, where rules of the broadcast prompt do not count. A tie is decided by validation: for each upload in
turn, the union that takes its side in all ties is scored.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

from textgrad.errors import BadReply
from textgrad.rule_lines import put_rules, rules_in, without_rules
from textgrad.tokens import estimate_tokens
from utils.aggregation.concatenation import concatenate
from utils.aggregation.contradiction import Contradiction
from utils.aggregation.merging import Merging
from utils.aggregation.upload import Upload
from utils.privacy.leak_guard import REDACTED

_Support = dict[str, Counter[str]]  # clients by answer, by subject in lower case


def merge(uploads: Sequence[Upload], merging: Merging) -> str:
    """Return the union.

    Raises:
        BadReply: it exceeds the token budget.
    """
    support = _support(uploads, merging.broadcast)
    ties = {subject for subject, answers in support.items() if len(_leaders(answers)) > 1}
    unions: dict[str, dict[str, str]] = {}
    for upload in uploads if ties else uploads[:1]:
        kept = _settle(support, upload)
        unions.setdefault(_union(uploads, kept), kept)
    fitting = [prompt for prompt in unions if estimate_tokens(prompt) <= merging.token_budget]
    if not fitting:
        raise BadReply("no union is within the token budget", kind="too long")
    by_score = merging.can_score and len(fitting) > 1
    prompt = merging.best(fitting) if by_score else fitting[0]
    merging.contradictions += [
        Contradiction(
            subject,
            dict(answers),
            unions[prompt][subject],
            "validation" if by_score and subject in ties else "support",
        )
        for subject, answers in support.items()
        if len(answers) > 1
    ]
    return prompt


def _support(uploads: Sequence[Upload], broadcast: str) -> _Support:
    """Count the clients behind each answer to each subject. A rule that the clients started from has no support.

    Redacted subjects are left out: equal ones need not have been equal before.
    """
    inherited = set(_pairs(broadcast))
    support: _Support = {}
    for upload in uploads:
        for subject, answer in _pairs(upload.prompt):
            support.setdefault(subject, Counter())[answer] += 0 if (subject, answer) in inherited else upload.copies
    return support


def _pairs(prompt: str) -> list[tuple[str, str]]:
    """Return the different pairs of subject and answer in the rules of a prompt."""
    pairs = ((rule.subject.casefold(), rule.answer) for rule in rules_in(prompt) if REDACTED not in rule.subject)
    return list(dict.fromkeys(pairs))


def _leaders(answers: Mapping[str, int]) -> list[str]:
    """Return the answers with the largest support."""
    return [answer for answer, count in answers.items() if count == max(answers.values())]


def _settle(support: _Support, favourite: Upload) -> dict[str, str]:
    """Return the answer of each subject: in a tie that of one upload, if it takes part, else the first one."""
    own = {rule.subject.casefold(): rule.answer for rule in rules_in(favourite.prompt)}
    settled = {}
    for subject, answers in support.items():
        leaders = _leaders(answers)
        settled[subject] = own[subject] if own.get(subject) in leaders else leaders[0]
    return settled


def _union(uploads: Sequence[Upload], settled: Mapping[str, str]) -> str:
    """Return the concatenation with all settled rules in the first prompt, ordered by answer."""
    rules: dict[str, dict[str, str]] = {}
    for rule in (rule for upload in uploads for rule in rules_in(upload.prompt)):
        of_answer = rules.setdefault(rule.answer, {})
        if settled.get(rule.subject.casefold(), rule.answer) == rule.answer:
            of_answer.setdefault(rule.subject.casefold(), rule.subject)
    first, *others = (upload.prompt for upload in uploads)
    head = put_rules(first, {answer: list(of_answer.values()) for answer, of_answer in rules.items()})
    return concatenate([head, *map(without_rules, others)])
