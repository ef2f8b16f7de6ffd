"""The tools of aggregators in one aggregation, with counters."""

import dataclasses
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from textgrad.concurrency import fan_out, scope
from textgrad.engine.base import EngineLM
from textgrad.engine.calls.ask_again import ask_until
from textgrad.errors import BadReply, UsageError
from textgrad.style import Style
from textgrad.tokens import check_length, estimate_tokens
from utils.aggregation.client_scores import ClientScores
from utils.aggregation.concatenation import concatenate, concatenate_fitting, join
from utils.aggregation.contradiction import Contradiction
from utils.aggregation.counted_engine import CountedEngine
from utils.aggregation.fallbacks import Fallback
from utils.aggregation.fence import fence_prompts, parse_merge, parse_plain_merge
from utils.aggregation.merge_checks import Flaw
from utils.aggregation.prompts import MERGE_HINT, MERGED_TAGS, PLAIN_HINT, Job, length_limit
from utils.aggregation.tree import Node, plan


@dataclass
class Merging:
    """Tools of an aggregator: concatenation, one request, a tree of requests.

    Attributes:
        engine: evaluation engine, which writes merges; None if prompts are only concatenated.
        token_budget: maximum tokens of the new prompt, and of all prompts in one request; >= 1.
        fan_in: maximum prompts per request, >= 2.
        broadcast: prompt that the clients started from; kept if nothing can be merged.
        rng: generator for random choices, seeded by run and round.
        validate: returns a prompt's validation accuracy in [0, 1] on the server's questions, with requests to the test
            engine; None if unavailable.
        race: returns the prompt of the best accuracy on the server's questions, with fewer requests than `validate`;
            None to use that.
        ask_clients: has the clients of the round score distinct prompts, in place of `validate`; None to use that.
        vote_epsilon: privacy parameter of each vote if the clients vote instead of sending counts, else 0.
        surprisal: returns a prompt's surprisal in bits per token, [] on failure; None without a surprisal model.
        candidates: number of merges drawn by an aggregator that selects one, >= 1.
        style: form of the requests; with "auto", those after an unusable reply or a flawed merge are short.
        min_retention: smallest mean retention of a merge that is adopted, in [0, 1]; 0 adopts every merge unchecked.
        plain: True to merge as the paper does: one short request, and concatenations of the uploads as they are.
        instruction: the user's own task for merging requests; "" for the aggregator's.
        dynamic_limit: largest concatenation that the aggregator `dynamic` keeps, in tokens.
        vote_share: share of the clients that an instruction needs in the aggregator `vote`, in (0, 1].
        flaws: of earlier merges of the same uploads; every request mentions the last one.
        shortened: True if a request asked for a text shorter than its prompts.
        contradictions: between uploads, with what was kept.
        depth: length of the longest chain of dependent requests so far.
        fallbacks: replacements for unusable replies so far.
        left_out: reasons by prompt of uploads that are not part of the merge.
        client_scores: answers of the clients so far.

    Raises:
        UsageError: token budget or fan-in out of range.
    """

    engine: EngineLM | None
    token_budget: int
    fan_in: int = 8
    broadcast: str = ""
    rng: random.Random = field(default_factory=lambda: random.Random(0))
    validate: Callable[[str], float] | None = None
    race: Callable[[Sequence[str]], str] | None = None
    ask_clients: Callable[[tuple[str, ...]], ClientScores] | None = None
    vote_epsilon: float = 0.0
    surprisal: Callable[[str], list[float]] | None = None
    candidates: int = 3
    style: Style = field(default_factory=Style)
    min_retention: float = 0.0
    plain: bool = False
    instruction: str = ""
    dynamic_limit: int = 800
    vote_share: float = 0.5
    flaws: list[Flaw] = field(default_factory=list)
    shortened: bool = field(default=False, init=False)
    contradictions: list[Contradiction] = field(default_factory=list, init=False)
    depth: int = field(default=0, init=False)
    fallbacks: list[Fallback] = field(default_factory=list, init=False)
    left_out: dict[str, str] = field(default_factory=dict, init=False)
    client_scores: list[ClientScores] = field(default_factory=list, init=False)

    def __post_init__(self):
        if self.token_budget < 1 or self.fan_in < 2:
            raise UsageError(
                f"a merge needs a token budget of at least 1 and a fan-in of at least 2, "
                f"not {self.token_budget} and {self.fan_in}"
            )
        self._counted = CountedEngine(self.engine)

    @property
    def calls(self) -> int:
        """Requests sent so far, including repeated ones."""
        return self._counted.calls

    def concat(self, prompts: Sequence[str], limit: int | None = None) -> str:
        """Concatenate prompts, without repeating lines unless the merge is plain; see `concatenate` and `join`.

        Args:
            prompts: at least one.
            limit: maximum tokens of the result; default: the token budget.

        Raises:
            BadReply: the result exceeds the limit.
        """
        return check_length(self._concatenate(prompts), limit or self.token_budget)

    def concat_fitting(self, prompts: Sequence[str]) -> str:
        """Concatenate as many prompts as fit the token budget; those left out are counted as fallbacks.

        Args:
            prompts: at least one.

        Raises:
            BadReply: none of them fits.
        """
        text, left_out = self._concat_within(prompts, self.token_budget)
        self.fallbacks += [Fallback.LEFT_OUT] * len(left_out)
        missing = [prompt for prompt in left_out if prompt not in text]
        self.left_out |= dict.fromkeys(missing, "it did not fit into the token budget")
        return text

    @property
    def _concatenate(self) -> Callable[[Sequence[str]], str]:
        return join if self.plain else concatenate

    def _concat_within(self, prompts: Sequence[str], limit: int) -> tuple[str, list[str]]:
        text, left_out = concatenate_fitting(prompts, limit, self._concatenate)
        if not text:
            raise BadReply(f"none of the prompts is within {limit} tokens")
        return text, left_out

    def ask(self, job: Job, prompts: Sequence[str], limit: int | None = None) -> str:
        """Have the engine edit prompts. An unusable reply is requested again once.

        Args:
            job: the instructions for the engine.
            prompts: at least one; sent in fences, because they are data.
            limit: maximum tokens of the result; default: the token budget.

        Raises:
            BadReply: both replies were truncated, without tags, or above the limit.
        """
        limit = limit or self.token_budget
        tight = sum(map(estimate_tokens, prompts)) > limit
        if tight:  # never set back, as other threads may have set it
            self.shortened = True
        remarks = [flaw.remark(prompts) for flaw in self.flaws[-1:]]

        def request(short: bool) -> tuple[str, str]:
            form = job.short if short and job.short else job
            task = [form.task, *([length_limit(limit)] if tight else []), *remarks]
            return "\n\n".join([fence_prompts(prompts), *task]), form.system_prompt

        content, system_prompt = request(self.style.short_again if self.flaws else self.style.short)
        return ask_until(
            self._counted,
            content,
            lambda reply: check_length(parse_merge(reply), limit),
            within=MERGED_TAGS,
            system_prompt=system_prompt,
            hint=f"{MERGE_HINT} {length_limit(limit)}",
            again=request(self.style.short_again),
        )

    def tree(self, job: Job, prompts: Sequence[str]) -> str:
        """Have the engine merge prompts as a tree; a merge starts as soon as its own children are finished.

        A failed merge is replaced by the concatenation of those of its prompts that are within its limit together. If
        the merge is plain, there is only one request, with all prompts.

        Args:
            job: the instructions for the engine at each node.
            prompts: at least two, each within the token budget.

        Raises:
            BadReply: the root merge failed.
        """
        if self.instruction:
            job = job.with_instruction(self.instruction)
        if self.plain and job.plain:
            self.depth += 1
            return self._ask_plainly(job, prompts)
        nodes = plan([estimate_tokens(prompt) for prompt in prompts], self.fan_in, self.token_budget)
        leaves = len(prompts)
        results: list[str | None] = [*prompts, *[None] * len(nodes)]
        fallbacks: list[list[Fallback]] = [[] for _ in nodes]

        def merge(index: int) -> None:
            results[leaves + index], fallbacks[index] = self._merge_node(job, nodes[index], results)

        dependencies = [[child - leaves for child in node.children if child >= leaves] for node in nodes]
        fan_out(merge, range(len(nodes)), after=dependencies)
        self.depth += nodes[-1].level
        if (merged := results[-1]) is None:
            fallbacks.pop()  # the caller decides on the fallback for the whole merge
        self.fallbacks += [fallback for of_node in fallbacks for fallback in of_node]
        if merged is None:
            raise BadReply("no merge could be used")
        return merged

    def _ask_plainly(self, job: Job, prompts: Sequence[str]) -> str:
        remarks = [flaw.remark(prompts) for flaw in self.flaws[-1:]]
        return ask_until(
            self._counted,
            "\n\n".join([fence_prompts(prompts), job.plain, *remarks]),
            lambda reply: check_length(parse_plain_merge(reply), self.token_budget),
            hint=PLAIN_HINT,
        )

    def _merge_node(self, job: Job, node: Node, results: list[str | None]) -> tuple[str | None, list[Fallback]]:
        children = [results[child] for child in node.children]
        prompts = list(dict.fromkeys(prompt for prompt in children if prompt is not None))
        if not prompts:
            return None, []
        try:
            if len(prompts) == 1 and estimate_tokens(prompts[0]) <= node.limit:
                return prompts[0], []
            return self.ask(job, prompts, node.limit), []
        except BadReply:
            pass
        try:
            text, left_out = self._concat_within(prompts, node.limit)
            return text, [Fallback.CONCAT, *[Fallback.LEFT_OUT] * len(left_out)]
        except BadReply:
            return None, [Fallback.LEFT_OUT]

    @property
    def can_score(self) -> bool:
        """True if `score` and `scores` are available."""
        return self.validate is not None or self.ask_clients is not None

    def without_scores(self) -> "Merging":
        """Return a copy, as `branch`, that cannot score prompts."""
        return dataclasses.replace(self, validate=None, ask_clients=None)

    def score(self, prompt: str) -> float:
        """Return the score of one prompt, as `scores`.

        Raises:
            UsageError: this merge cannot score prompts, or its clients vote, which needs all candidates at once.
        """
        if self.vote_epsilon:
            raise UsageError("--vote_epsilon: clients vote on several candidates: the aggregator must use `scores`")
        return self.scores([prompt])[0]

    def scores(self, prompts: Sequence[str]) -> list[float]:
        """Return the validation accuracies of prompts, which are scored concurrently, equal ones once.

        If clients vote, these are shares of their votes instead, which only compare the prompts with each other.

        Raises:
            UsageError: this merge cannot score prompts.
        """
        distinct = list(dict.fromkeys(prompts))
        by_prompt = dict(zip(distinct, self._scores(distinct), strict=True))
        return [by_prompt[prompt] for prompt in prompts]

    def _scores(self, distinct: Sequence[str]) -> list[float]:
        if self.ask_clients is not None:
            self.client_scores.append(answered := self.ask_clients(tuple(distinct)))
            return answered.scores
        if self.validate is None:
            raise UsageError("this merge has no validation questions to score prompts")
        validate = self.validate

        def scored(number: int) -> float:
            with scope(candidate=number):
                return validate(distinct[number])

        return fan_out(scored, range(len(distinct)))

    def best(self, prompts: Sequence[str]) -> str:
        """Return the prompt with the best score, the first one in a tie.

        Raises:
            UsageError: as `scores`.
        """
        if self.race is not None and self.ask_clients is None:
            return self.race(prompts)
        scores = self.scores(prompts)
        return prompts[scores.index(max(scores))]

    def branch(self) -> "Merging":
        """Return a copy with its counters at zero, for a merge that may be discarded."""
        return dataclasses.replace(self)

    def join(self, branches: Sequence["Merging"]) -> None:
        """Add the counters of branches that ran at the same time."""
        self._counted.calls += sum(branch.calls for branch in branches)
        self.shortened |= any(branch.shortened for branch in branches)
        self.depth += max(branch.depth for branch in branches)
        self.fallbacks += [fallback for branch in branches for fallback in branch.fallbacks]
        self.client_scores += [scores for branch in branches for scores in branch.client_scores]
