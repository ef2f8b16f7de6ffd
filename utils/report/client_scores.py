"""The table of candidate merges that clients scored."""

from typing import Any

from utils.report.tables import Table


def client_scores_table(results: dict[str, Any]) -> Table:
    """Return one row per set of candidates: round, score of each candidate, each client's answer, missing clients."""
    rows = [
        (
            each["round"],
            ", ".join(f"{score:.3f}" for score in asked["scores"]),
            _by_client(asked["answers"]),
            _by_client(asked["missing"]) or "none",
        )
        for each in results["rounds"]
        for asked in (each["merge"] or {}).get("client_scores", ())
    ]
    header = ("round", "scores of the candidates", "answers of the clients", "clients without an answer")
    return Table(header, rows, (0,))


def _by_client(texts: dict[str, str]) -> str:
    return "; ".join(f"{client}: {text}" for client, text in texts.items())
