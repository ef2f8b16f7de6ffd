"""Communication of a federation: tokens and bytes of the prompts that the server sends and the clients upload.

With --score_by clients, candidate prompts and the clients' counts or votes on them are counted too, but never options,
counts of local steps or protocol headers. Tokens are estimated as everywhere in the program; see
`textgrad.tokens`. Bytes are those of UTF-8.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple, Self

from textgrad.tokens import estimate_tokens

Message = Sequence[str]


class Exchanged(NamedTuple):
    """The messages of one round, by client. A message is a sequence of texts.

    Attributes:
        down: sent by the server.
        up: received from clients.
    """

    down: Mapping[int, Sequence[Message]]
    up: Mapping[int, Sequence[Message]]


@dataclass(frozen=True)
class Traffic:
    """Numbers of messages, tokens and bytes; "down" is from the server to clients, "up" the other way."""

    down_messages: int = 0
    down_tokens: int = 0
    down_bytes: int = 0
    up_messages: int = 0
    up_tokens: int = 0
    up_bytes: int = 0

    def __add__(self, other: Self) -> "Traffic":
        return Traffic(*(mine + yours for mine, yours in zip(vars(self).values(), vars(other).values(), strict=True)))


def traffic_of(exchanged: Exchanged, client: int) -> Traffic:
    """Return the traffic of one client in one round."""
    return Traffic(*_size(exchanged.down.get(client, ())), *_size(exchanged.up.get(client, ())))


def communication_record(rounds: Sequence[Exchanged]) -> dict[str, Any]:
    """Return the traffic of a run for results.json: by round, by client and in total.

    Args:
        rounds: of rounds 1, 2, ...

    Returns:
        {"rounds": [{"round", "clients": {client: traffic}, "total", "cumulative"}], "clients": {...}, "total": {...}}
    """
    records, by_client, cumulative = [], dict[int, Traffic](), Traffic()
    for number, exchanged in enumerate(rounds, start=1):
        clients = {client: traffic_of(exchanged, client) for client in sorted({*exchanged.down, *exchanged.up})}
        total = sum(clients.values(), Traffic())
        cumulative += total
        for client, traffic in clients.items():
            by_client[client] = by_client.get(client, Traffic()) + traffic
        own = {"clients": _as_json(clients), "total": asdict(total), "cumulative": asdict(cumulative)}
        records.append({"round": number, **own})
    return {"rounds": records, "clients": _as_json(dict(sorted(by_client.items()))), "total": asdict(cumulative)}


def communication_values(record: Mapping[str, Any]) -> dict[str, int]:
    """Return the numbers of a record by name, such as "up_tokens", "up_tokens_round1" and "up_tokens_client0"."""
    values = dict(record["total"])
    for each in record["rounds"]:
        values |= {f"{name}_round{each['round']}": value for name, value in each["total"].items()}
        values |= {f"{name}_until_round{each['round']}": value for name, value in each["cumulative"].items()}
    for client, traffic in record["clients"].items():
        values |= {f"{name}_client{client}": value for name, value in traffic.items()}
    return values


def _size(messages: Sequence[Message]) -> tuple[int, int, int]:
    """Return the number of messages, and the tokens and bytes of their texts."""
    texts = [text for message in messages for text in message]
    size = sum(len(text.encode("utf-8", "surrogatepass")) for text in texts)
    return len(messages), sum(map(estimate_tokens, texts)), size


def _as_json(by_client: Mapping[int, Traffic]) -> dict[str, dict[str, int]]:
    return {str(client): asdict(traffic) for client, traffic in by_client.items()}
