"""union: `concat`, where all rules stand together, and contradicting rules are settled.

Two rules contradict each other if they give different answers for the same subject. The answer with more clients
behind it is kept. A tie is decided by validation: for each upload in turn, the union that takes its side in all ties is
scored.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

from textgrad.rule_lines import Rule, put_rules, rules_in
from textgrad.tokens import check_length
from utils.aggregation.concatenation import concatenate
from utils.aggregation.contradiction import Contradiction
from utils.aggregation.merging import Merging
from utils.aggregation.upload import Upload

_Support = dict[str, Counter[str]]  # clients by answer, by subject in lower case


def merge(uploads: Sequence[Upload], merging: Merging) -> str:
    """Return the union.

    Raises:
        BadReply: it exceeds the token budget.
    """
    support = _support(uploads)
    ties = {subject for subject, answers in support.items() if len(_leaders(answers)) > 1}
    choices = [_settle(support, upload) for upload in (uploads if ties else uploads[:1])]
    by_prompt = {_union(uploads, kept): kept for kept in reversed(choices)}  # of equal ones the first
    prompts = list(by_prompt)[::-1]
    scored = len(prompts) > 1 and merging.score is not None
    prompt = max(prompts, key=merging.score) if scored and merging.score else prompts[0]
    merging.contradictions += [
        Contradiction(
            subject,
            dict(answers),
            by_prompt[prompt][subject],
            "validation" if scored and subject in ties else "support",
        )
        for subject, answers in support.items()
        if len(answers) > 1
    ]
    return check_length(prompt, merging.token_budget)


def _support(uploads: Sequence[Upload]) -> _Support:
    support: _Support = {}
    for upload in uploads:
        for subject, answer in dict.fromkeys(
            (rule.subject.casefold(), rule.answer) for rule in rules_in(upload.prompt)
        ):
            support.setdefault(subject, Counter())[answer] += upload.copies
    return support


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
        if settled[rule.subject.casefold()] == rule.answer:
            of_answer.setdefault(rule.subject.casefold(), rule.subject)
    first, *others = (upload.prompt for upload in uploads)
    head = put_rules(first, {answer: list(of_answer.values()) for answer, of_answer in rules.items()})
    return concatenate([head, *map(_without_rules, others)])


def _without_rules(prompt: str) -> str:
    return "\n".join(line for line in prompt.splitlines() if Rule.read(line) is None)
