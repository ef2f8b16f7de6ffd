"""Exchange prompts with the clients of one round: broadcast, collect uploads, record dropouts."""

from collections.abc import Sequence

from textgrad.tokens import estimate_tokens
from utils.federation.client import Client
from utils.federation.result import Round
from utils.federation.setup import Federation
from utils.federation.transport import chance
from utils.federation.update import NoUpload, NoUploadReason, Update


def exchange(federation: Federation, current: Round, earlier: Sequence[Round]) -> None:
    """Send each sampled client its prompt and fill in `sampled`, `updates` and `dropped` of the current round.

    The seed does not determine who misses a deadline, so the call log stores it: a resumed run drops the same clients.

    Args:
        federation: clients, options and transport.
        current: the round, with its number and broadcast.
        earlier: all earlier rounds, in order.
    """
    config = federation.config
    history = [(each.number, update) for each in earlier for update in each.updates]
    clients = federation.sampled(current.number, history)
    current.sampled = [client.number for client in clients]
    for client in clients:
        if chance("drop", config.seed, current.number, client.number) < config.drop_rate:
            current.dropped[client.number] = NoUpload(NoUploadReason.DROPPED_OUT)
    gateway, key = federation.engines.gateway, {"late in round": current.number, "seed": config.seed}
    stored_late = gateway.get_metadata(key)
    current.dropped.update((number, NoUpload(NoUploadReason.LATE)) for number in stored_late or ())
    deadline = (config.round_deadline or None) if stored_late is None else None
    _collect(federation, current, [client for client in clients if client.number not in current.dropped], deadline)
    if deadline:
        late = [number for number, missing in current.dropped.items() if missing.reason is NoUploadReason.LATE]
        gateway.put_metadata(key, late)


def _collect(federation: Federation, current: Round, clients: Sequence[Client], deadline: float | None) -> None:
    prompts = [current.broadcast[client.number if federation.local_only else 0] for client in clients]
    results = federation.connection.exchange(current.number, clients, prompts, deadline)
    for client, prompt, result in zip(clients, prompts, results, strict=True):
        if isinstance(result, Update) and federation.adversary:
            result = federation.adversary.tampered(result, prompt, current.number)
        if isinstance(result, Update) and estimate_tokens(result.prompt) > federation.config.prompt_budget:
            # Rewrites are within the budget, but redaction lengthens a prompt, and a site may send anything.
            result = NoUpload(NoUploadReason.FAILED, "the upload is longer than --prompt_budget")
        if isinstance(result, Update):
            current.updates.append(result)
            client.own_section = result.own_section  # not in `train`, which may end after the deadline
        else:
            current.dropped[client.number] = result
