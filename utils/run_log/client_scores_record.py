"""The clients' scores of candidate merges, and what their votes disclose, as results.json has them."""

from collections.abc import Sequence
from typing import Any

from utils.aggregation.client_scores import ClientScores
from utils.federation.evaluation import prompt_id
from utils.federation.result import Round
from utils.privacy.votes import NO_GUARANTEE


def client_scores_record(asked: Sequence[ClientScores]) -> dict[str, Any]:
    """Return {"client_scores": [...]}, one record per request to the clients; {} if the server scored."""
    records = [
        {
            "candidates": [prompt_id(prompt) for prompt in each.prompts],
            "scores": [round(score, 6) for score in each.scores],
            "answers": {str(client): str(answer) for client, answer in sorted(each.answers.items())},
            "missing": {str(client): reason for client, reason in sorted(each.missing.items())},
        }
        for each in asked
    ]
    return {"client_scores": records} if records else {}


def votes_record(epsilon: float, rounds: Sequence[Round]) -> dict[str, Any]:
    """Return {"votes": ...}, the privacy of a run's votes; {} for a run without votes.

    The total is that of basic composition: the sum over the different votes of a client. A vote that did not arrive
    counts, as it may have left the client. A repeated request for the same candidates gets the same vote and counts
    once.

    Args:
        epsilon: of each vote; 0 without votes.
        rounds: of the run.
    """
    if not epsilon:
        return {}
    requests = {
        (client, each.prompts) for finished in rounds for each in finished.client_scores for client in each.asked
    }
    clients = [client for client, _ in requests]
    most = max(map(clients.count, clients), default=0)
    return {
        "votes": {
            "epsilon_per_vote": epsilon,
            "most_votes_of_a_client": most,
            "total_epsilon": round(most * epsilon, 6),
            "remark": NO_GUARANTEE,
        }
    }
