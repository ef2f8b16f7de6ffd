"""Client selections choose the participants of a round. One file per selection, found by its name."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, cast

from textgrad.discovery import load, names_in

if TYPE_CHECKING:
    from utils.federation.client import Client
    from utils.federation.update import Update

PACKAGE = "utils.federation.selection"
SELECTIONS = names_in(PACKAGE)


@dataclass(frozen=True)
class History:
    """The uploads of one client in earlier rounds.

    Attributes:
        n: number of training questions.
        rounds: numbers of the rounds with an upload.
        accuracy: on its last minibatch under its last upload, in [0, 1]; None before the first upload.
    """

    n: int
    rounds: tuple[int, ...] = ()
    accuracy: float | None = None

    @property
    def loss(self) -> float | None:
        """1 - accuracy; None before the first upload."""
        return None if self.accuracy is None else 1 - self.accuracy


Selection = Callable[[int, Sequence["Client"], Mapping[int, History], int, Random], "Sequence[Client]"]


def selection(name: str) -> Selection:
    """Return the function `select(round_number, clients, history, count, rng)` of a selection.

    Args:
        name: the selection's file name, such as "random".

    Raises:
        UsageError: no selection has this name.
    """
    return cast(Selection, load(PACKAGE, name, "client selection").select)


def history_of(clients: Sequence["Client"], updates: Sequence[tuple[int, "Update"]]) -> dict[int, History]:
    """Return the history of each client, by client number.

    Args:
        clients: all clients of the run.
        updates: (round number, update) of all earlier rounds, in order.
    """
    history = {client.number: History(len(client.samples)) for client in clients}
    for round_number, update in updates:
        earlier, accuracy = history[update.client], None
        if update.steps:  # a site may upload a prompt without steps
            last = update.steps[-1]
            accuracy = last.after if last.accepted else last.before
        history[update.client] = History(earlier.n, (*earlier.rounds, round_number), accuracy)
    return history
