"""How a round reaches its clients and gets their uploads back. Here: clients in this process, side by side.

Another transport has the same `exchange`; the round loop knows no other way to a client.
"""

import random
import time
from collections.abc import Sequence
from typing import Protocol

from textgrad.concurrency import LATE, fan_out, scope
from textgrad.errors import StopRun
from utils.config import Config
from utils.federation.client import Client, LateClient
from utils.federation.update import Update


def chance(what: str, *which: int) -> float:
    """A number in [0, 1) for an injected event, decided by what it is and which one."""
    return random.Random(" ".join((what, *map(str, which)))).random()


class Transport(Protocol):
    """A way to the clients."""

    def exchange(
        self, round_number: int, clients: Sequence[Client], prompts: Sequence[str], deadline: float | None
    ) -> list[Update | str]:
        """Sends each client its prompt and waits for the uploads.

        Args:
            round_number: 1, 2, ...
            clients: who is asked.
            prompts: what each of them starts from.
            deadline: seconds after which nobody is waited for any more, None for no limit.

        Returns:
            for each client its update, or why there is none ("late", "failed: ...").

        Raises:
            StopRun: the system is broken, or a cap was reached.
        """


class LocalTransport:
    """Clients in this process.

    Args:
        config: of the run.
    """

    def __init__(self, config: Config):
        self.config = config

    def exchange(
        self, round_number: int, clients: Sequence[Client], prompts: Sequence[str], deadline: float | None
    ) -> list[Update | str]:
        """See `Transport`."""

        def train(asked: tuple[Client, str]) -> Update | str:
            return self._train(*asked, round_number)

        answers = fan_out(
            train, list(zip(clients, prompts, strict=True)), width=self.config.max_concurrency, timeout=deadline
        )
        return ["late" if answer is LATE else answer for answer in answers]

    def _train(self, client: Client, prompt: str, round_number: int) -> Update | str:
        """One client's update, or why there is none: a client's own failure costs the round this client only."""
        try:
            with scope(client=client.number):
                if chance("straggler", self.config.seed, round_number, client.number) < self.config.straggler_rate:
                    time.sleep(self.config.straggler_delay)
                return client.train(prompt, round_number)
        except StopRun:
            raise
        except LateClient:
            return "late"
        except Exception as error:  # whatever a client's own engine or data raises is that client's failure
            return f"failed: {type(error).__name__}: {error}"
