"""Transport over Flower: send prompts to the sites and collect their uploads, counts and votes until the deadline."""

import dataclasses
import functools
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from textgrad.engine.calls.gateway import Gateway
from textgrad.text import normalize
from utils.aggregation.client_scores import Counts, Vote
from utils.config import Config
from utils.federation.client import Client
from utils.federation.evaluation import prompt_id
from utils.federation.update import NoUpload, NoUploadReason, Update
from utils.flower.messenger import EVALUATE, TRAIN, Messenger, NoAnswer
from utils.flower.records import (
    MalformedUpload,
    Record,
    decode_scores,
    decode_update,
    encode_text,
    from_metadata,
    scores_from_metadata,
    to_metadata,
)
from utils.flower.site_registry import SiteRegistry

Answer = TypeVar("Answer", bound=Update | Counts | Vote)
Stored = TypeVar("Stored", bound=Update | Counts | Vote | NoUpload)
_POLL_SECONDS = 0.5


class FlowerTransport:
    """Clients at their sites; see `utils.federation.transport.Transport`.

    The server's call log keeps the answers to finished requests, so a restarted server repeats only the unfinished
    ones. The sites then find the replies that they have paid for, and their votes, in their own call logs.

    Args:
        config: options of the run. --round_deadline holds for the training and for each scoring.
        gateway: its call log keeps finished requests.
        messenger, registry: connection to the sites.
        request: content of every message, without the prompts.
    """

    def __init__(self, config: Config, gateway: Gateway, messenger: Messenger, registry: SiteRegistry, request: Record):
        self.config, self.gateway, self.messenger = config, gateway, messenger
        self.registry, self.request = registry, request
        self._lock = threading.Lock()  # aggregators may score from several threads, and the connection serves one

    def exchange(
        self, round_number: int, clients: Sequence[Client], prompts: Sequence[str], deadline: float | None
    ) -> list[Update | NoUpload]:
        """Send each site its prompt and wait for the uploads. A site that reconnects gets the prompt again.

        Raises:
            StopRun: the call log is unusable.
        """
        key = {"flower round": round_number, "seed": self.config.seed}
        sent = {client.number: prompt for client, prompt in zip(clients, prompts, strict=True)}

        def ask() -> dict[int, Update | NoUpload]:
            contents = {client: {"prompt": encode_text(prompt)} for client, prompt in sent.items()}
            read = functools.partial(_checked_update, prompts=sent, max_steps=self.config.max_steps)
            return _Request(self, TRAIN, round_number, contents, read, deadline).run()

        answers = self._stored_or_asked(key, list(sent), from_metadata, ask)
        for client, answer in zip(clients, answers, strict=True):
            for step in answer.steps if isinstance(answer, Update) else ():
                client.on_step(round_number, client.number, step)
        return answers

    def score(
        self, round_number: int, clients: Sequence[Client], prompts: Sequence[str]
    ) -> list[Counts | Vote | NoUpload]:
        """Send each site the candidates and wait for its counts or vote, as in `exchange`.

        Raises:
            StopRun: the call log is unusable.
        """
        key = {"flower scores": list(map(prompt_id, prompts)), "round": round_number, "seed": self.config.seed}
        candidates, votes = len(prompts), self.config.vote_epsilon > 0
        numbers = [client.number for client in clients]

        def from_stored(kept: Any) -> Counts | Vote | NoUpload:
            return scores_from_metadata(kept, candidates, votes)

        def ask() -> dict[int, Counts | Vote | NoUpload]:
            contents = {client: {"prompts": list(map(encode_text, prompts))} for client in numbers}
            read = functools.partial(_checked_scores, candidates=candidates, votes=votes)
            deadline = self.config.round_deadline or None
            return _Request[Counts | Vote](self, EVALUATE, round_number, contents, read, deadline).run()

        with self._lock:
            return self._stored_or_asked(key, numbers, from_stored, ask)

    def _stored_or_asked(
        self,
        key: dict[str, Any],
        clients: list[int],
        from_stored: Callable[[Any], Stored],
        ask: Callable[[], dict[int, Stored]],
    ) -> list[Stored]:
        """Return the clients' answers from the call log or, if one of them is missing, ask and store them."""
        answers = {int(client): from_stored(kept) for client, kept in (self.gateway.get_metadata(key) or {}).items()}
        if not set(clients) <= set(answers):
            answers = ask()
            self.gateway.put_metadata(key, {str(client): to_metadata(answer) for client, answer in answers.items()})
        return [answers[client] for client in clients]


class _Request(Generic[Answer]):
    """One message to each of several sites, and their answers so far.

    Args:
        transport: connection to the sites.
        message_type: of Flower.
        number: of the round, 1, 2, ...
        contents: what each message adds to the transport's request, by client.
        read: returns the answer in a site's record, or the reason why it has none; called with client and record.
        deadline: seconds from now; None: no deadline.
    """

    def __init__(
        self,
        transport: FlowerTransport,
        message_type: str,
        number: int,
        contents: dict[int, Record],
        read: Callable[[int, Record], Answer | NoUpload],
        deadline: float | None,
    ):
        self.messenger, self.registry, self.request = transport.messenger, transport.registry, transport.request
        self.min_answers, self.longest_wait = transport.config.min_clients, transport.config.flower_wait
        self.message_type, self.number, self.contents = message_type, number, contents
        self.read, self.deadline = read, deadline
        self.started = time.monotonic()
        self.in_flight: dict[str, int] = {}  # client by message id
        self.last_node: dict[int, int] = {}  # node that got the message last, by client
        self.answers: dict[int, Answer | NoUpload] = {}

    def run(self) -> dict[int, Answer | NoUpload]:
        """Return the answers by client."""
        while not self._finished():
            self.registry.refresh()
            self._send()
            for message_id, answer in self.messenger.collect(self.in_flight).items():
                self._receive(self.in_flight.pop(message_id), answer)
            time.sleep(_POLL_SECONDS)
        missing = NoUpload(NoUploadReason.LATE) if self.deadline else _failed("not connected")
        return {client: self.answers.get(client, missing) for client in self.contents}

    def _finished(self) -> bool:
        """Return True if all sites have answered or the time is up."""
        if len(self.answers) == len(self.contents):
            return True
        elapsed = time.monotonic() - self.started
        if self.deadline:
            return elapsed > self.deadline
        if self.in_flight:
            return False
        # Without a deadline, sites that are not connected must not block the round forever.
        answers = sum(not isinstance(answer, NoUpload) for answer in self.answers.values())
        return elapsed > self.longest_wait or (bool(self.last_node) and answers >= self.min_answers)

    def _send(self) -> None:
        """Send the message to every site that has not answered and is at a node that has not got it yet."""
        for client, content in self.contents.items():
            node = self.registry.node(client)
            if client in self.answers or node is None or self.last_node.get(client) == node:
                continue
            remaining = self.deadline and self.deadline - (time.monotonic() - self.started)
            record = {
                **self.request,
                **content,
                "client": client,
                "round": self.number,
                "seconds": max(remaining, 0.1) if remaining else 0.0,
            }
            if message_id := self.messenger.send(node, self.message_type, record, remaining):
                self.last_node[client] = node
                self.in_flight[message_id] = client

    def _receive(self, client: int, answer: Record | NoAnswer) -> None:
        if client in self.answers:
            return
        if not isinstance(answer, NoAnswer):
            self.answers[client] = self.read(client, answer)
        elif answer.node_unavailable:  # the site may reconnect as another node
            self.registry.forget(client)
        elif client not in self.in_flight.values():
            late = answer.kind == NoUploadReason.LATE
            self.answers[client] = NoUpload(NoUploadReason.LATE) if late else _failed(answer.kind)


def _checked_update(client: int, answer: Record, prompts: Mapping[int, str], max_steps: int) -> Update | NoUpload:
    """Return the upload, or a failure if it is malformed or no answer to the prompt that was sent."""
    try:
        update = decode_update(answer, client)
    except MalformedUpload:
        return _failed("it sent no upload")
    if update.started != prompt_id(prompts[client]):
        return _failed("it started from another prompt")
    if len(update.steps) > max_steps:
        return _failed("it sent more steps than a round has")
    return dataclasses.replace(update, prompt=normalize(update.prompt))


def _checked_scores(client: int, answer: Record, candidates: int, votes: bool) -> Counts | Vote | NoUpload:
    """Return the counts or the vote, or a failure if it is malformed."""
    try:
        return decode_scores(answer, candidates, votes)
    except MalformedUpload:
        return _failed("it sent no vote" if votes else "it sent no counts")


def _failed(kind: str) -> NoUpload:
    return NoUpload(NoUploadReason.FAILED, kind)
