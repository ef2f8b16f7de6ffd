"""Flower's messages: the only file of ours that knows how they are made, sent and answered."""

import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from utils.flower.wire import Record

HELLO, TRAIN = "query", "train"  # Flower's types of messages
GONE = (3, 5)  # Flower's codes for a node that is not there (any more)
_RECORD = "fedtextgrad"
_LONGEST = 7 * 24 * 3600.0  # seconds that a message without deadline may take


@dataclass(frozen=True)
class NoAnswer:
    """Why a message has none.

    Attributes:
        kind: the kind of error; never its text, which may hold private data.
        gone: True when the node is not there (any more).
    """

    kind: str
    gone: bool = False


class Post:
    """Messages out, answers in.

    Args:
        grid: Flower's, of the ServerApp.
    """

    def __init__(self, grid):
        self.grid = grid

    def nodes(self) -> set[int]:
        """The nodes that are connected now."""
        return set(self.grid.get_node_ids())

    def send(self, node: int, kind: str, record: Record, seconds: float | None = None) -> str | None:
        """Sends one message.

        Args:
            node: to whom.
            kind: HELLO or TRAIN.
            record: what it says.
            seconds: how long an answer is of use; None for long.

        Returns:
            the message's id, or None where Flower did not take it.
        """
        from flwr.app import ConfigRecord, Message, RecordDict  # imported where used: Flower is optional

        message = Message(
            content=RecordDict({_RECORD: ConfigRecord(record)}),
            dst_node_id=node,
            message_type=kind,
            ttl=_LONGEST if seconds is None else max(seconds, 1.0) + 60.0,
        )
        return next(iter(self.grid.push_messages([message])), None)

    def collect(self, sent: Iterable[str]) -> dict[str, Record | NoAnswer]:
        """The answers that have come, by the id of the message they answer."""
        sent = list(sent)
        if not sent:
            return {}
        # An error may come from Flower's own node, so only the message that it answers tells whose it is.
        return {answer.metadata.reply_to_message_id: _read(answer) for answer in self.grid.pull_messages(sent)}


def _read(answer) -> Record | NoAnswer:
    if answer.has_error():
        return NoAnswer(f"Flower error {answer.error.code}", answer.error.code in GONE)
    record = dict(answer.content.get(_RECORD, {}))
    return NoAnswer(str(record["failed"])) if "failed" in record else record


def reply(message, work: Callable[[Record], Record]):
    """Flower's message with a site's answer to a message."""
    from flwr.app import ConfigRecord, Message, RecordDict

    record = answer_of(work, dict(message.content[_RECORD]))
    return Message(RecordDict({_RECORD: ConfigRecord(record)}), reply_to=message)


def answer_of(work: Callable[[Record], Record], asked: Record) -> Record:
    """What `work` makes of what was asked, or the kind of error that stopped it; its text stays at the site."""
    try:
        return work(asked)
    except Exception as error:  # Flower would send the text of whatever is raised here, private data and all
        traceback.print_exc()
        return {"failed": type(error).__name__}
