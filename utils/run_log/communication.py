"""The communication of a run as results.json has it."""

from typing import Any

from utils.federation.result import Round
from utils.federation.setup import Federation
from utils.federation.update import NoUploadReason
from utils.metrics.communication import Exchanged, Message, communication_record


def communication_of(federation: Federation, rounds: list[Round]) -> dict[str, Any]:
    """Return {"communication": ...}; {} for a run whose clients share no prompt.

    A client that drops out gets no prompt; a late or failed one gets it and uploads nothing.

    Args:
        federation: of the run.
        rounds: of its result, the start included.
    """
    if not federation.config.merges:
        return {}
    return {"communication": communication_record([_exchanged(each) for each in rounds[1:]])}


def _exchanged(finished: Round) -> Exchanged:
    dropped_out = {
        client for client, missing in finished.dropped.items() if missing.reason is NoUploadReason.DROPPED_OUT
    }
    down: dict[int, list[Message]] = {
        client: [[finished.broadcast[0]]] for client in finished.sampled if client not in dropped_out
    }
    up: dict[int, list[Message]] = {update.client: [[update.prompt]] for update in finished.updates}
    for scores in finished.client_scores:
        for client in scores.asked:
            down[client].append(scores.prompts)
        for client, answer in scores.answers.items():
            up[client].append([str(answer)])
    return Exchanged(down, up)
