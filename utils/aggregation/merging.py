"""One aggregation while it runs: what a method may use, and what is counted."""

import threading
from collections.abc import Callable

from textgrad.concurrency import fan_out
from textgrad.engine.base import EngineLM
from textgrad.engine.calls.ask_again import ask_until
from textgrad.errors import BadReply
from textgrad.tokens import estimate_tokens
from utils.aggregation.concatenation import concatenate
from utils.aggregation.fence import fenced, merged_text
from utils.aggregation.prompts import MERGE_HINT, MERGED_TAGS, Job, length_limit
from utils.aggregation.tree import Node, plan


class Merging:
    """The means that aggregators share: concatenation, one request, a tree of requests.

    Args:
        engine: merges.
        token_budget: most tokens of the new prompt, and of the texts in one request; >= 1.
        fan_in: most texts in one request, >= 2.
        old_prompt: what the uploads were made from.
        scorer: surprisal in bits a token, see `utils.metrics.measures.Surprisal`; None where there is none.
        candidates: merges that a method which chooses draws, >= 1.

    Attributes:
        calls: requests sent so far, those that were asked again included.
        depth: merges that had to wait for one another, at the most.
        fallbacks: what was done in place of a merge that failed, one word each.
    """

    def __init__(
        self,
        engine: EngineLM,
        token_budget: int,
        fan_in: int,
        old_prompt: str = "",
        scorer: Callable[[str], list[float]] | None = None,
        candidates: int = 3,
    ):
        self.engine, self.token_budget, self.fan_in = engine, token_budget, fan_in
        self.old_prompt, self.scorer, self.candidates = old_prompt, scorer, candidates
        self.calls = self.depth = 0
        self.fallbacks: list[str] = []
        self._lock = threading.Lock()

    def concat(self, texts: list[str], limit: int | None = None) -> str:
        """The texts one after the other, see `concatenate`.

        Args:
            texts: at least one.
            limit: most tokens of the result; the token budget when left out.

        Raises:
            BadReply: the result would be longer.
        """
        return _within(limit or self.token_budget, concatenate(texts))

    def ask(self, job: Job, texts: list[str], limit: int | None = None) -> str:
        """What the engine makes of some texts, asked once more where the reply cannot be used.

        Args:
            job: what it is to do.
            texts: at least one; data that stands in fences.
            limit: most tokens of the result; the token budget when left out.

        Raises:
            BadReply: neither reply was whole, tagged and within the limit.
        """
        limit = limit or self.token_budget
        tight = sum(map(estimate_tokens, texts)) > limit
        request = "\n\n".join([fenced(texts), job.task, *([length_limit(limit)] if tight else [])])
        return ask_until(
            self,
            request,
            lambda reply: _within(limit, merged_text(reply)),
            within=MERGED_TAGS,
            system_prompt=job.system_prompt,
            hint=f"{MERGE_HINT} {length_limit(limit)}",
        )

    def tree(self, job: Job, texts: list[str]) -> str:
        """The texts merged by the engine, as a tree in which a merge starts as soon as its own children are there.

        A merge that fails is replaced by the concatenation of its texts if that is within its limit ("concat" in
        `fallbacks`); if not, it is left out of the tree ("left_out").

        Args:
            job: what the engine is to do at each node.
            texts: at least two, each within the token budget.

        Raises:
            BadReply: nothing is left at the root.
        """
        nodes = plan([estimate_tokens(text) for text in texts], self.fan_in, self.token_budget)
        count = len(texts)
        results: list[str | None] = [*texts, *[None] * len(nodes)]
        fallbacks: list[str | None] = [None] * len(nodes)

        def merge(place: int) -> None:
            results[count + place], fallbacks[place] = self._node(job, nodes[place], results)

        fan_out(
            merge,
            range(len(nodes)),
            after=[[child - count for child in node.children if child >= count] for node in nodes],
        )
        self.depth += nodes[-1].level
        if results[-1] is None:
            self.fallbacks += filter(None, fallbacks[:-1])  # the caller decides what takes the place of the whole
            raise BadReply("no merge could be used")
        self.fallbacks += filter(None, fallbacks)
        return results[-1]

    def _node(self, job: Job, node: Node, results: list[str | None]) -> tuple[str | None, str | None]:
        """A node's result, None if there is none, and its fallback, None if there was none."""
        texts = list(dict.fromkeys(results[child] for child in node.children if results[child] is not None))
        if not texts:
            return None, None
        try:
            if len(texts) == 1 and estimate_tokens(texts[0]) <= node.limit:
                return texts[0], None
            return self.ask(job, texts, node.limit), None
        except BadReply:
            pass
        try:
            return self.concat(texts, node.limit), "concat"
        except BadReply:
            return None, "left_out"

    @property
    def enforces_form(self) -> bool:
        """Whether the engine can be held to the tags of a reply."""
        return getattr(self.engine, "enforces_form", False)

    def __call__(self, content: str, **kwargs) -> str:
        """The engine's reply; counted."""
        with self._lock:
            self.calls += 1
        return self.engine(content, **kwargs)


def _within(limit: int, text: str) -> str:
    tokens = estimate_tokens(text)
    if tokens > limit:
        raise BadReply(f"the result has about {tokens} tokens where {limit} are allowed")
    return text
