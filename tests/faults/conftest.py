"""Fault table: each test that calls `row` adds one line; pytest prints the table at the end."""

import pytest
from fault_server import FAULTS

from textgrad.engine.calls import limiter

_PLACES = ("alone", "5 %")


@pytest.fixture
def row(record_property):
    """Return a function that adds a line: `row(fault, "alone" or "5 %", what happened)`."""

    def add(fault: str, place: str, outcome: str) -> None:
        record_property("fault", (fault, place, outcome))

    return add


@pytest.fixture
def quick(monkeypatch):
    """Make waits between retries, and the time until repeated failures end a run, 25 times shorter."""
    monkeypatch.setattr(limiter, "_MIN_BACKOFF", limiter._MIN_BACKOFF / 25)
    monkeypatch.setattr(limiter, "_SECONDS_PER_FAILURE", limiter._SECONDS_PER_FAILURE / 25)


def pytest_terminal_summary(terminalreporter):
    """Print the table."""
    rows: dict[str, dict[str, tuple[str, str]]] = {}
    for verdict in ("passed", "failed"):
        for report in terminalreporter.stats.get(verdict, []):
            for name, value in getattr(report, "user_properties", []):
                if name == "fault" and getattr(report, "when", "") == "call":
                    fault, place, outcome = value
                    rows.setdefault(fault, {})[place] = (verdict, outcome)
    if not rows:
        return
    terminalreporter.section("faults of the endpoint")
    terminalreporter.write_line(f"{'fault':<22}{'alone':<8}{'5 %':<8}what happened")
    order = [*FAULTS, "every call fails"]
    for fault, places in sorted(rows.items(), key=lambda row: order.index(row[0])):
        verdicts = "".join(f"{places.get(place, ('-',))[0]:<8}" for place in _PLACES)
        outcomes = "; ".join(f"{place}: {places[place][1]}" for place in _PLACES if place in places)
        terminalreporter.write_line(f"{fault:<22}{verdicts}{outcomes}")
