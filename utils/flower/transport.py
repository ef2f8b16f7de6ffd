"""The transport over Flower: a round's prompts go to the sites, their uploads come back, until time is up."""

import time
from collections.abc import Sequence

from textgrad.engine.calls.gateway import Gateway
from utils.config import Config
from utils.federation.client import Client, Update
from utils.federation.evaluation import prompt_id
from utils.flower.post import TRAIN, NoAnswer, Post
from utils.flower.roster import Roster
from utils.flower.wire import Malformed, Record, from_note, read_upload, to_bytes, to_note

_POLL = 0.5  # seconds between looks for answers


class FlowerTransport:
    """See `utils.federation.transport.Transport`.

    The answers of a finished round are kept in the server's call log: a server that is started again asks nobody twice.
    In an unfinished one the sites are asked again, and find what they have paid for in their own call logs.

    Args:
        config: of the run.
        gateway: whose call log keeps finished rounds.
        post, roster: the way to the sites.
        asked: what every message says besides the prompt.
    """

    def __init__(self, config: Config, gateway: Gateway, post: Post, roster: Roster, asked: Record):
        self.config, self.gateway, self.post, self.roster, self.asked = config, gateway, post, roster, asked

    def exchange(
        self, round_number: int, clients: Sequence[Client], prompts: Sequence[str], deadline: float | None
    ) -> list[Update | str]:
        """Sends each site its prompt and waits for the uploads. A site that is gone and comes back is asked again.

        Raises:
            StopRun: the call log cannot be used.
        """
        note = {"flower round": round_number, "seed": self.config.seed}
        numbers = [client.number for client in clients]
        kept = {int(client): from_note(answer) for client, answer in (self.gateway.get_metadata(note) or {}).items()}
        if not set(numbers) <= set(kept):
            asks = _Round(self, round_number, dict(zip(numbers, prompts, strict=True)), deadline)
            kept = asks.run()
            self.gateway.put_metadata(note, {str(client): to_note(answer) for client, answer in kept.items()})
        for client in clients:
            answer = kept[client.number]
            for step in answer.steps if isinstance(answer, Update) else ():
                client.on_step(round_number, client.number, step)
        return [kept[number] for number in numbers]


class _Round:
    """One round while it runs: who was asked where, and what came back."""

    def __init__(self, transport: FlowerTransport, number: int, prompts: dict[int, str], deadline: float | None):
        self.post, self.roster, self.asked = transport.post, transport.roster, transport.asked
        self.quorum, self.patience = transport.config.min_clients, transport.config.flower_wait
        self.number, self.prompts, self.deadline = number, prompts, deadline
        self.started = time.monotonic()
        self.flying: dict[str, int] = {}
        self.asked_at: dict[int, int] = {}
        self.answers: dict[int, Update | str] = {}

    def run(self) -> dict[int, Update | str]:
        """The answers by client."""
        while not self._over():
            self.roster.refresh()
            self._ask()
            for sent, answer in self.post.collect(self.flying).items():
                self._take(self.flying.pop(sent), answer)
            time.sleep(_POLL)
        why = "late" if self.deadline else "failed: not connected"
        return {client: self.answers.get(client, why) for client in self.prompts}

    def _over(self) -> bool:
        """All have answered, or time is up; without a deadline, sites that are gone are not waited for for ever."""
        if len(self.answers) == len(self.prompts):
            return True
        passed = time.monotonic() - self.started
        if self.deadline:
            return passed > self.deadline
        uploads = sum(isinstance(answer, Update) for answer in self.answers.values())
        return (
            not self.flying
            and bool(self.asked_at or passed > self.patience)
            and (uploads >= self.quorum or passed > self.patience)
        )

    def _ask(self) -> None:
        """Sends the prompt to every site that has not answered and is at a node where it was not asked."""
        for client, prompt in self.prompts.items():
            node = self.roster.node(client)
            if client in self.answers or node is None or self.asked_at.get(client) == node:
                continue
            left = self.deadline and self.deadline - (time.monotonic() - self.started)
            record = {
                **self.asked,
                "client": client,
                "round": self.number,
                "prompt": to_bytes(prompt),
                "seconds": max(left, 0.1) if left else 0.0,
            }
            if sent := self.post.send(node, TRAIN, record, left):
                self.asked_at[client] = node
                self.flying[sent] = client

    def _take(self, client: int, answer: Record | NoAnswer) -> None:
        if client in self.answers:
            return
        if isinstance(answer, NoAnswer):
            if answer.gone:  # it may come back as another node; its old one is not asked again
                self.roster.forget(client)
            elif client not in self.flying.values():
                self.answers[client] = "late" if answer.kind == "late" else f"failed: {answer.kind}"
            return
        try:
            update = read_upload(answer, client)
        except Malformed:
            self.answers[client] = "failed: it sent no upload"
            return
        honest = update.started == prompt_id(self.prompts[client])
        self.answers[client] = update if honest else "failed: it started from another prompt"
