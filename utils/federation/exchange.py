"""One exchange with the clients: broadcast prompts, wait for uploads, note who dropped out."""

from collections.abc import Sequence

from utils.federation.client import Client
from utils.federation.result import Round
from utils.federation.setup import Federation
from utils.federation.transport import LocalTransport, chance
from utils.federation.update import NoUpload, NoUploadReason, Update


def exchange(federation: Federation, current: Round, earlier: Sequence[Round]) -> None:
    """Send each sampled client its prompt and fill in `sampled`, `updates` and `dropped` of the current round.

    A deadline does not depend on the seed, so the call log stores who missed it: a resumed run drops the same clients.

    Args:
        federation: clients, options and transport.
        current: the round, with its number and broadcast.
        earlier: all earlier rounds.
    """
    config = federation.config
    history = [(each.number, update) for each in earlier for update in each.updates]
    clients = federation.sampled(current.number, history)
    current.sampled = [client.number for client in clients]
    for client in clients:
        if chance("drop", config.seed, current.number, client.number) < config.drop_rate:
            current.dropped[client.number] = NoUpload(NoUploadReason.DROPPED_OUT)
    gateway, key = federation.engines.gateway, {"late in round": current.number, "seed": config.seed}
    known_late = gateway.get_metadata(key)
    current.dropped.update((number, NoUpload(NoUploadReason.LATE)) for number in known_late or ())
    deadline = (config.round_deadline or None) if known_late is None else None
    _collect(federation, current, [client for client in clients if client.number not in current.dropped], deadline)
    if deadline:
        late = [number for number, missing in current.dropped.items() if missing.reason is NoUploadReason.LATE]
        gateway.put_metadata(key, late)


def _collect(federation: Federation, current: Round, clients: Sequence[Client], deadline: float | None) -> None:
    transport = federation.transport or LocalTransport(federation.config)
    prompts = [current.broadcast[client.number if federation.local_only else 0] for client in clients]
    answers = transport.exchange(current.number, clients, prompts, deadline)
    for client, answer in zip(clients, answers, strict=True):
        if isinstance(answer, Update):
            current.updates.append(answer)
        else:
            current.dropped[client.number] = answer
