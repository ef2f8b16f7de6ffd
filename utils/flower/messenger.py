"""Flower's messages. No other module creates, sends or answers them."""

import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from utils.flower.records import Record

QUERY, TRAIN, EVALUATE = "query", "train", "evaluate"  # message types of Flower
NODE_UNAVAILABLE = (3, 5)  # error codes of Flower for a node that is not connected, or no longer
_RECORD = "fedtextgrad"
_LONGEST = 7 * 24 * 3600.0  # lifetime of a message without a deadline, in seconds


@dataclass(frozen=True)
class NoAnswer:
    """Reason why a message was not answered.

    Attributes:
        kind: type of the error, never its text, which may contain private data.
        node_unavailable: True if the node is not connected, or no longer.
    """

    kind: str
    node_unavailable: bool = False


class Messenger:
    """Sends messages to nodes and collects their answers.

    Args:
        grid: Flower's connection of the ServerApp.
    """

    def __init__(self, grid: Any):
        self.grid = grid

    def nodes(self) -> set[int]:
        """Return the ids of the nodes that are connected now."""
        return set(self.grid.get_node_ids())

    def send(self, node: int, message_type: str, record: Record, seconds: float | None = None) -> str | None:
        """Send one message.

        Args:
            node: id of the recipient.
            message_type: QUERY, TRAIN or EVALUATE.
            record: content.
            seconds: how long an answer is useful; None: a week.

        Returns:
            the message's id, or None if Flower did not accept it.
        """
        from flwr.app import ConfigRecord, Message, RecordDict  # Flower is optional

        message = Message(
            content=RecordDict({_RECORD: ConfigRecord(record)}),
            dst_node_id=node,
            message_type=message_type,
            ttl=_LONGEST if seconds is None else max(seconds, 1.0) + 60.0,
        )
        return next(iter(self.grid.push_messages([message])), None)

    def collect(self, message_ids: Iterable[str]) -> dict[str, Record | NoAnswer]:
        """Return the answers that have arrived, by the id of the message that they answer."""
        message_ids = list(message_ids)
        if not message_ids:
            return {}
        # Flower itself may send an error from its own node, so the sender's id does not identify the site.
        answers = self.grid.pull_messages(message_ids)
        return {answer.metadata.reply_to_message_id: _content(answer) for answer in answers}


def _content(answer: Any) -> Record | NoAnswer:
    if answer.has_error():
        return NoAnswer(f"Flower error {answer.error.code}", answer.error.code in NODE_UNAVAILABLE)
    record = dict(answer.content.get(_RECORD, {}))
    return NoAnswer(str(record["failed"])) if "failed" in record else record


def reply_to(message: Any, handle: Callable[[Record], Record]) -> Any:
    """Return Flower's message that answers `message` with the record that `handle` returns for its content."""
    from flwr.app import ConfigRecord, Message, RecordDict

    record = answer_safely(handle, dict(message.content[_RECORD]))
    return Message(RecordDict({_RECORD: ConfigRecord(record)}), reply_to=message)


def answer_safely(handle: Callable[[Record], Record], request: Record) -> Record:
    """Return the record that `handle` returns or, if it raises, the type of the exception; its text stays here."""
    try:
        return handle(request)
    except Exception as error:  # Flower would send the text of the exception, with the private data in it
        traceback.print_exc()
        return {"failed": type(error).__name__}
