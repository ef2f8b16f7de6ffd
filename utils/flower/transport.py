"""Transport over Flower: send a round's prompts to the sites and collect their uploads until the deadline."""

import dataclasses
import time
from collections.abc import Sequence

from textgrad.engine.calls.gateway import Gateway
from textgrad.text import normalize
from utils.config import Config
from utils.federation.client import Client
from utils.federation.evaluation import prompt_id
from utils.federation.update import NoUpload, NoUploadReason, Update
from utils.flower.messenger import TRAIN, Messenger, NoAnswer
from utils.flower.records import MalformedUpload, Record, decode_update, encode_text, from_metadata, to_metadata
from utils.flower.site_registry import SiteRegistry

_POLL_SECONDS = 0.5


class FlowerTransport:
    """Clients at their sites; see `utils.federation.transport.Transport`.

    The server's call log keeps the answers of each finished round, so a restarted server repeats only the unfinished
    one. The sites then find the replies that they have paid for in their own call logs.

    Args:
        config: options of the run.
        gateway: its call log keeps finished rounds.
        messenger, registry: connection to the sites.
        request: content of every message, without the prompt.
    """

    def __init__(self, config: Config, gateway: Gateway, messenger: Messenger, registry: SiteRegistry, request: Record):
        self.config, self.gateway, self.messenger = config, gateway, messenger
        self.registry, self.request = registry, request

    def exchange(
        self, round_number: int, clients: Sequence[Client], prompts: Sequence[str], deadline: float | None
    ) -> list[Update | NoUpload]:
        """Send each site its prompt and wait for the uploads. A site that reconnects gets the prompt again.

        Raises:
            StopRun: the call log is unusable.
        """
        key = {"flower round": round_number, "seed": self.config.seed}
        numbers = [client.number for client in clients]
        answers = {int(client): from_metadata(kept) for client, kept in (self.gateway.get_metadata(key) or {}).items()}
        if not set(numbers) <= set(answers):
            answers = _Round(self, round_number, dict(zip(numbers, prompts, strict=True)), deadline).run()
            self.gateway.put_metadata(key, {str(client): to_metadata(answer) for client, answer in answers.items()})
        for client in clients:
            answer = answers[client.number]
            for step in answer.steps if isinstance(answer, Update) else ():
                client.on_step(round_number, client.number, step)
        return [answers[number] for number in numbers]


class _Round:
    """State of one round while it runs.

    Args:
        transport: connection to the sites.
        number: 1, 2, ...
        prompts: by client.
        deadline: seconds from now; None: no deadline.
    """

    def __init__(self, transport: FlowerTransport, number: int, prompts: dict[int, str], deadline: float | None):
        self.messenger, self.registry, self.request = transport.messenger, transport.registry, transport.request
        self.min_uploads, self.longest_wait = transport.config.min_clients, transport.config.flower_wait
        self.max_steps = transport.config.max_steps
        self.number, self.prompts, self.deadline = number, prompts, deadline
        self.started = time.monotonic()
        self.in_flight: dict[str, int] = {}  # client by message id
        self.last_node: dict[int, int] = {}  # node that got the prompt last, by client
        self.answers: dict[int, Update | NoUpload] = {}

    def run(self) -> dict[int, Update | NoUpload]:
        """Return the answers by client."""
        while not self._finished():
            self.registry.refresh()
            self._send_prompts()
            for message_id, answer in self.messenger.collect(self.in_flight).items():
                self._receive(self.in_flight.pop(message_id), answer)
            time.sleep(_POLL_SECONDS)
        missing = NoUpload(NoUploadReason.LATE) if self.deadline else _failed("not connected")
        return {client: self.answers.get(client, missing) for client in self.prompts}

    def _finished(self) -> bool:
        """Return True if all sites have answered or the time is up."""
        if len(self.answers) == len(self.prompts):
            return True
        elapsed = time.monotonic() - self.started
        if self.deadline:
            return elapsed > self.deadline
        if self.in_flight:
            return False
        # Without a deadline, sites that are not connected must not block the round forever.
        uploads = sum(isinstance(answer, Update) for answer in self.answers.values())
        return elapsed > self.longest_wait or (bool(self.last_node) and uploads >= self.min_uploads)

    def _send_prompts(self) -> None:
        """Send the prompt to every site that has not answered and is at a node that has not got it yet."""
        for client, prompt in self.prompts.items():
            node = self.registry.node(client)
            if client in self.answers or node is None or self.last_node.get(client) == node:
                continue
            remaining = self.deadline and self.deadline - (time.monotonic() - self.started)
            record = {
                **self.request,
                "client": client,
                "round": self.number,
                "prompt": encode_text(prompt),
                "seconds": max(remaining, 0.1) if remaining else 0.0,
            }
            if message_id := self.messenger.send(node, TRAIN, record, remaining):
                self.last_node[client] = node
                self.in_flight[message_id] = client

    def _receive(self, client: int, answer: Record | NoAnswer) -> None:
        if client in self.answers:
            return
        if not isinstance(answer, NoAnswer):
            self.answers[client] = self._checked_update(client, answer)
        elif answer.node_unavailable:  # the site may reconnect as another node
            self.registry.forget(client)
        elif client not in self.in_flight.values():
            late = answer.kind == NoUploadReason.LATE
            self.answers[client] = NoUpload(NoUploadReason.LATE) if late else _failed(answer.kind)

    def _checked_update(self, client: int, answer: Record) -> Update | NoUpload:
        """Return the upload, or a failure if it is malformed or no answer to the prompt that was sent."""
        try:
            update = decode_update(answer, client)
        except MalformedUpload:
            return _failed("it sent no upload")
        if update.started != prompt_id(self.prompts[client]):
            return _failed("it started from another prompt")
        if len(update.steps) > self.max_steps:
            return _failed("it sent more steps than a round has")
        return dataclasses.replace(update, prompt=normalize(update.prompt))


def _failed(kind: str) -> NoUpload:
    return NoUpload(NoUploadReason.FAILED, kind)
