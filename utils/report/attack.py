"""The table of an attack: what malicious clients reached in each round."""

from typing import Any

from utils.report.formats import estimate_text
from utils.report.tables import Table


def attack_table(results: dict[str, Any]) -> Table:
    """Return the uploads of malicious clients, those kept out, and what the global prompt contains, by round."""
    rows = [
        (
            each["round"],
            _numbers(each["malicious_uploads"]),
            _numbers(each["kept_out"]),
            estimate_text(each["malicious_instructions_contained"]),
            {True: "yes", False: "no"}.get(each.get("goal_reached")),
        )
        for each in results.get("attack", {}).get("rounds", [])
    ]
    header = (
        "round",
        "malicious uploads",
        "clients kept out",
        "malicious clients' instructions in the global prompt",
        "goal reached",
    )
    return Table(header, rows, (0,))


def _numbers(clients: list[int]) -> str:
    return ", ".join(map(str, clients)) or "none"
