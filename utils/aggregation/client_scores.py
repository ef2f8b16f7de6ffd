"""Scores of candidate prompts by the clients of a round, who send counts or votes only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import fsum

from utils.privacy.votes import vote_shares


@dataclass(frozen=True)
class Counts:
    """A client's results on its own validation questions.

    Attributes:
        right: sum of the scores per candidate, each in [0, n]; a number of right answers unless the scorer is graded.
        n: number of the client's validation questions, >= 1.
    """

    right: tuple[float, ...]
    n: int

    def __str__(self) -> str:
        return " ".join(f"{right:g}/{self.n}" for right in self.right)

    @property
    def best(self) -> int:
        """The candidate with the most right answers, the first one in a tie."""
        return self.right.index(max(self.right))


@dataclass(frozen=True)
class Vote:
    """A client's vote: the number of one candidate, after randomized response."""

    candidate: int

    def __str__(self) -> str:
        return str(self.candidate)


@dataclass(frozen=True)
class ClientScores:
    """The answers of clients to one request to score candidates.

    Attributes:
        prompts: k distinct candidates.
        answers: by client; all are counts, or all are votes.
        missing: the reason for each asked client without an answer.
        epsilon: of each vote; 0 if the clients send counts.
    """

    prompts: tuple[str, ...]
    answers: Mapping[int, Counts | Vote]
    missing: Mapping[int, str] = field(default_factory=dict)
    epsilon: float = 0.0

    @property
    def asked(self) -> list[int]:
        """The numbers of the clients that got the candidates, ascending."""
        return sorted({*self.answers, *self.missing})

    @property
    def scores(self) -> list[float]:
        """One score per candidate; all 0 without answers.

        Of counts, the accuracy over the questions of all clients together, in [0, 1]. Of votes, the estimated share of
        the clients; see `vote_shares`.
        """
        if self.epsilon:
            votes = [answer.candidate for answer in self.answers.values() if isinstance(answer, Vote)]
            return vote_shares(votes, len(self.prompts), self.epsilon)
        counts = [answer for answer in self.answers.values() if isinstance(answer, Counts)]
        n = sum(each.n for each in counts)
        return [fsum(each.right[k] for each in counts) / max(1, n) for k in range(len(self.prompts))]
