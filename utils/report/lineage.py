"""Origin of the best prompt: the steps of each client and the merge of each round, as differences between texts."""

from dataclasses import dataclass, field
from typing import Any

from utils.metrics.statistics import share_of
from utils.privacy.leak_guard import CHANGES
from utils.report.difference import Difference, difference
from utils.report.runs import Run

_MAX_DIFFERENCES = 400  # on one page; more slow a browser down
_MAX_OPEN_CLIENTS = 5  # clients of the best round whose steps are expanded


@dataclass(frozen=True)
class StepView:
    """One local step; `difference` is None without a usable rewrite."""

    number: int
    before: str
    after: str
    accepted: bool
    result: str
    reason: str
    difference: Difference | None


@dataclass(frozen=True)
class ClientView:
    """One client in one round; `upload` is set instead of `steps` if the leak guard changed the upload."""

    client: str
    accepted_steps: int
    all_steps: int
    guard: str
    opened: bool
    steps: list[StepView] = field(default_factory=list)
    upload: Difference | None = None


@dataclass(frozen=True)
class RoundView:
    """One round: its clients and the merge."""

    number: int
    validation: dict[str, Any] | None
    outcome: str
    opened: bool
    clients: list[ClientView]
    difference: Difference


@dataclass(frozen=True)
class Lineage:
    """The rounds of a run.

    Attributes:
        local_only: True without a global prompt; the lists are then empty.
        before_best: the rounds up to the best one.
        after_best: the later rounds.
        omitted: number of differences beyond the limit of a page.
    """

    local_only: bool
    before_best: list[RoundView] = field(default_factory=list)
    after_best: list[RoundView] = field(default_factory=list)
    omitted: int = 0


def lineage(run: Run) -> Lineage:
    """Return the rounds of a run with all differences."""
    if run.options.get("aggregate_method") == "none":
        return Lineage(local_only=True)
    best, last = run.results["best_round"], len(run.results["rounds"]) - 1
    reader = _Reader(run)
    before_best = [reader.round(number, opened=number == best) for number in range(1, best + 1)]
    after_best = [reader.round(number, opened=False) for number in range(best + 1, last + 1)]
    return Lineage(False, before_best, after_best, max(0, reader.requested - _MAX_DIFFERENCES))


class _Reader:
    """Reads the rounds of a run; computes at most `_MAX_DIFFERENCES` differences.

    Attributes:
        requested: number of differences so far, including omitted ones.
    """

    def __init__(self, run: Run):
        self.run, self.requested = run, 0

    def round(self, number: int, opened: bool) -> RoundView:
        """Return one round."""
        run = self.run
        record = run.results["rounds"][number]
        broadcast = run.broadcast(number)
        expand = opened and len(record["uploads"]) <= _MAX_OPEN_CLIENTS
        clients = [self._client(number, client, broadcast, record, expand) for client in record["uploads"]]
        merged = self._difference(broadcast, run.prompt(f"round{number:02d}_global"))
        return RoundView(number, record["validation"].get("mean"), _outcome(record), opened, clients, merged)

    def _client(self, number: int, client: str, broadcast: str, record: dict[str, Any], opened: bool) -> ClientView:
        """Return a client's steps, or only its upload if the leak guard changed it, because reports are shared."""
        name = f"round{number:02d}_client{int(client):02d}"
        guard = record.get("leaks", {}).get(client, {}).get("guard", "none")
        upload = record["uploads"][client]
        counts = (client, upload["accepted_steps"], upload["steps"], guard, opened)
        if guard in CHANGES:
            return ClientView(*counts, upload=self._difference(broadcast, self.run.prompt(f"{name}_upload")))
        steps, prompt = [], broadcast
        for event in self.run.steps.get((number, int(client)), []):
            rejected = "" if event["accepted"] else "_rejected"
            rewrite = self.run.prompt(f"{name}_step{event['step']:02d}{rejected}")
            steps.append(_step(event, self._difference(prompt, rewrite) if rewrite else None))
            prompt = rewrite if event["accepted"] and rewrite else prompt
        return ClientView(*counts, steps=steps)

    def _difference(self, before: str, after: str) -> Difference:
        self.requested += 1
        return difference(before, after) if self.requested <= _MAX_DIFFERENCES else []


def _step(event: dict[str, Any], rewrite: Difference | None) -> StepView:
    after = "no rewrite" if event["after"] is None else str(share_of(event["after"], event["n"]))
    before = str(share_of(event["before"], event["n"]))
    return StepView(event["step"], before, after, event["accepted"], _result(event), event["reason"], rewrite)


def _result(event: dict[str, Any]) -> str:
    return event.get("result") or ("accepted" if event["accepted"] else "rejected")  # earlier versions had no result


def _outcome(record: dict[str, Any]) -> str:
    """Return the result of a round in words."""
    outcome = f"kept the old prompt: {record['kept_old']}" if record["kept_old"] else "new global prompt"
    for flaw in (record.get("merge") or {}).get("flaws", []):  # earlier versions recorded none
        outcome += f", a merge was rejected because it {flaw}"
    if record.get("repaired"):
        outcome += ", lost instructions added back"
    retention = (record.get("retention") or {}).get("mean")
    return outcome if retention is None else f"{outcome}; {retention:.0%} of what clients added survived"
