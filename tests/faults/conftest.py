"""The fault table: every test of this folder that calls `row` adds a line, printed when all have run."""

import pytest
from fault_server import FAULTS

from textgrad.engine.calls import limiter

_PLACES = ("alone", "5 %")


@pytest.fixture
def row(record_property):
    """Notes for the table what became of a fault: `row(fault, "alone" or "5 %", what happened)`."""

    def note(fault: str, place: str, outcome: str) -> None:
        record_property("fault", (fault, place, outcome))

    return note


@pytest.fixture
def quick(monkeypatch):
    """Retries after milliseconds, and a row of failures that may end a run within a second: all is 25 times faster."""
    monkeypatch.setattr(limiter, "_SHORTEST_WAIT", limiter._SHORTEST_WAIT / 25)
    monkeypatch.setattr(limiter, "_SECONDS_A_FAILURE", limiter._SECONDS_A_FAILURE / 25)


def pytest_terminal_summary(terminalreporter):
    """Prints the table."""
    rows: dict[str, dict[str, tuple[str, str]]] = {}
    for verdict in ("passed", "failed"):
        for report in terminalreporter.stats.get(verdict, []):
            for name, noted in getattr(report, "user_properties", []):
                if name == "fault" and getattr(report, "when", "") == "call":
                    fault, place, outcome = noted
                    rows.setdefault(fault, {})[place] = (verdict, outcome)
    if not rows:
        return
    terminalreporter.section("faults of the endpoint")
    terminalreporter.write_line(f"{'fault':<22}{'alone':<8}{'5 %':<8}what happened")
    order = [*FAULTS, "every call fails"]
    for fault, places in sorted(rows.items(), key=lambda row: order.index(row[0])):
        verdicts = "".join(f"{places.get(place, ('-',))[0]:<8}" for place in _PLACES)
        told = "; ".join(f"{place}: {places[place][1]}" for place in _PLACES if place in places)
        terminalreporter.write_line(f"{fault:<22}{verdicts}{told}")
