"""Transports send prompts to clients and collect uploads. `LocalTransport` trains clients in this process.

The server reaches clients only through `Transport`.
"""

import random
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from textgrad.concurrency import LATE, fan_out, scope
from textgrad.errors import BrokenSystem, StopRun
from utils.aggregation.client_scores import Counts, Vote
from utils.config import Config
from utils.federation.client import Client, LateClient
from utils.federation.evaluation import prompt_id
from utils.federation.update import NoUpload, NoUploadReason, Update
from utils.privacy.votes import randomized_response

Answer = TypeVar("Answer")

# Programming errors, as opposed to failures of a client's data or network.
_PROGRAM_ERRORS = (TypeError, AttributeError, NameError, ImportError, AssertionError, NotImplementedError)
_ROOT = Path(__file__).resolve().parents[2]


def chance(event: str, *numbers: int) -> float:
    """Return a pseudo-random number in [0, 1) for a simulated event, seeded by its name and numbers."""
    return random.Random(" ".join((event, *map(str, numbers)))).random()


class Transport(Protocol):
    """Sends prompts to clients and collects their uploads."""

    def exchange(
        self, round_number: int, clients: Sequence[Client], prompts: Sequence[str], deadline: float | None
    ) -> list[Update | NoUpload]:
        """Send each client its prompt and wait for the uploads.

        Args:
            round_number: 1, 2, ...
            clients: the clients of the round.
            prompts: one per client.
            deadline: seconds after which the round continues without late clients; None for no deadline.

        Returns:
            One update per client, or the reason for a missing upload.

        Raises:
            StopRun: the system is broken, or a budget is spent.
        """
        ...

    def score(
        self, round_number: int, clients: Sequence[Client], prompts: Sequence[str]
    ) -> list[Counts | Vote | NoUpload]:
        """Have clients score candidates on their own validation questions.

        Args:
            round_number: 1, 2, ...
            clients: the clients to ask.
            prompts: k distinct candidates.

        Returns:
            One answer per client, a vote with --vote_epsilon and else counts, or the reason for a missing one.

        Raises:
            StopRun: the system is broken, or a budget is spent.
        """
        ...


class LocalTransport:
    """Clients in this process.

    Args:
        config: options of the run.
        rng: draws noisy votes; None, for a simulation: the seed, the client and the candidates determine them.
    """

    def __init__(self, config: Config, rng: random.Random | None = None):
        self.config, self.rng = config, rng

    def exchange(
        self, round_number: int, clients: Sequence[Client], prompts: Sequence[str], deadline: float | None
    ) -> list[Update | NoUpload]:
        """Train the clients; see `Transport`."""

        def train(assignment: tuple[Client, str]) -> Update | NoUpload:
            client, prompt = assignment
            return self._attempt(
                client, f"trained in round {round_number}", lambda: self._train(client, prompt, round_number)
            )

        assignments = list(zip(clients, prompts, strict=True))
        results = fan_out(train, assignments, width=self.config.max_concurrency, timeout=deadline)
        return [NoUpload(NoUploadReason.LATE) if result is LATE else result for result in results]

    def score(
        self, round_number: int, clients: Sequence[Client], prompts: Sequence[str]
    ) -> list[Counts | Vote | NoUpload]:
        """Score candidates; see `Transport`. All clients are awaited."""

        def score(client: Client) -> Counts | Vote | NoUpload:
            return self._attempt(
                client, f"scored candidates in round {round_number}", lambda: self._score(client, prompts)
            )

        return fan_out(score, clients, width=self.config.max_concurrency)

    def _train(self, client: Client, prompt: str, round_number: int) -> Update:
        if chance("straggler", self.config.seed, round_number, client.number) < self.config.straggler_rate:
            time.sleep(self.config.straggler_delay)
        return client.train(prompt, round_number)

    def _score(self, client: Client, prompts: Sequence[str]) -> Counts | Vote | NoUpload:
        if not client.validation:
            return NoUpload(NoUploadReason.FAILED, "no validation questions")
        counts = client.score(prompts, self.config.max_concurrency)
        if not self.config.vote_epsilon:
            return counts
        names = " ".join(map(prompt_id, prompts))
        rng = self.rng or random.Random(f"vote {self.config.seed} {client.number} {names}")
        return Vote(randomized_response(counts.best, len(prompts), self.config.vote_epsilon, rng))

    def _attempt(self, client: Client, what: str, work: Callable[[], Answer]) -> Answer | NoUpload:
        """Return what a client's work returns. A failure of its engine or data only drops this client from the round.

        Raises:
            BrokenSystem: a programming error, which would otherwise silently drop this client from every round.
        """
        try:
            with scope(client=client.number):
                return work()
        except StopRun:
            raise
        except LateClient:
            return NoUpload(NoUploadReason.LATE)
        except _PROGRAM_ERRORS as error:
            raise BrokenSystem(
                f"error in the program while client {client.number} {what}: "
                f"{type(error).__name__}: {error} ({_origin(error)})"
            ) from error
        except Exception as error:
            return NoUpload(NoUploadReason.FAILED, type(error).__name__, str(error))


def _origin(error: Exception) -> str:
    """Return the file and line that raised an error."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    path = Path(frame.filename)
    return f"{path.relative_to(_ROOT) if path.is_relative_to(_ROOT) else path}, line {frame.lineno}"
