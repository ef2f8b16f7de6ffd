"""The ledger: proof that a run federated. A line a round, each bound to the one before it by a hash.

    python -m utils.run_log.ledger logs/<run>

verifies a run: every client started from what was broadcast, what was aggregated is what they uploaded, what was
evaluated is the new global prompt, and the next round broadcast exactly that.
"""

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

from utils.federation.evaluation import prompt_id
from utils.federation.result import Round, Scores
from utils.files import to_json

GENESIS = "0" * 16


def entry_of(done: Round, validation: Scores, local_only: bool) -> dict[str, Any]:
    """What the ledger says of a round, each id taken where the prompt was used.

    Args:
        done: the round.
        validation: the scores of its prompts.
        local_only: True where clients keep their own prompts (`--aggregate_method none`).
    """
    return {
        "round": done.number,
        "local_only": local_only,
        "broadcast": [prompt_id(prompt) for prompt in done.broadcast],
        "clients": [
            {"client": update.client, "started": update.started, "uploaded": prompt_id(update.prompt)}
            for update in done.updates
        ],
        "aggregated": [prompt_id(prompt) for prompt in done.aggregated],
        "merged": prompt_id(done.merge.prompt) if done.merge else None,
        "quorum_missed": done.quorum_missed,
        "kept_old": done.kept_old_reason,
        "global": [prompt_id(prompt) for prompt in done.prompts],
        "evaluated": {task: [score.prompt for score in scores] for task, scores in validation.items()},
    }


def sealed(entry: dict[str, Any], previous: str) -> dict[str, Any]:
    """The entry bound to the one before it: with `previous` and its own `seal`, 16 hexadecimal digits of SHA-256."""
    bound = {**entry, "previous": previous}
    return {**bound, "seal": hashlib.sha256(to_json(bound).encode()).hexdigest()[:16]}


def problem(entry: dict[str, Any], before: dict[str, Any] | None) -> str | None:
    """The first place where the chain breaks at an entry, or None.

    Args:
        entry: a sealed `entry_of` a round.
        before: the entry of the round before, None for round 1.
    """
    body = {key: value for key, value in entry.items() if key not in ("previous", "seal")}
    if sealed(body, entry["previous"]) != entry:
        return "the line was changed after it was written"
    seal, number = (before["seal"], before["round"]) if before else (GENESIS, 0)
    if entry["previous"] != seal or entry["round"] != number + 1:
        return "a line before it is missing or was changed"
    if before and entry["broadcast"] != before["global"]:
        return f"it broadcast {entry['broadcast']}, not the global prompt {before['global']} of the round before"
    local_only = entry["local_only"]
    for client in entry["clients"]:
        sent = entry["broadcast"][client["client"] if local_only else 0]
        if client["started"] != sent:
            return f"client {client['client']} started from {client['started']}, not from {sent}"
    if entry["aggregated"] != (
        [] if local_only or entry["quorum_missed"] else [client["uploaded"] for client in entry["clients"]]
    ):
        return f"it aggregated {entry['aggregated']}, which is not what its clients uploaded"
    for task, evaluated in entry["evaluated"].items():
        if evaluated != entry["global"]:
            return f"{task} was evaluated under {evaluated}, not under the global prompt {entry['global']}"
    return _wrong_global(entry)


def _wrong_global(entry: dict[str, Any]) -> str | None:
    if entry["local_only"]:
        own = list(entry["broadcast"])
        for client in entry["clients"]:
            own[client["client"]] = client["uploaded"]
        return (
            None if entry["quorum_missed"] or entry["global"] == own else "clients' own prompts are not their uploads"
        )
    if entry["kept_old"]:
        return None if entry["global"] == entry["broadcast"] else "it says it kept the old prompt, and did not"
    return None if entry["global"] == [entry["merged"]] else "the global prompt is not the merged one"


def verify(folder: Path) -> tuple[int, str | None]:
    """Rounds verified, and the first thing that is wrong with a finished run, or None.

    Args:
        folder: a run's folder, with ledger.jsonl and prompts/.
    """
    before, files = None, _prompt_ids(folder)
    count = 0
    try:
        lines = (folder / "ledger.jsonl").read_text(encoding="utf-8").splitlines()
    except OSError as error:
        return 0, f"{folder}: no ledger: {error.strerror}"
    for count, line in enumerate(lines, 1):
        try:
            entry = json.loads(line)
            wrong = problem(entry, before)
        except (ValueError, KeyError, TypeError, IndexError) as error:
            wrong = f"the line is no ledger entry ({type(error).__name__}: {error})"
        if not wrong:
            named = [client["uploaded"] for client in entry["clients"]] + entry["global"]
            wrong = next((f"no file in prompts/ holds the prompt {name}" for name in named if name not in files), None)
        if wrong:
            return count - 1, f"round {count}: {wrong}"
        before = entry
    return count, _other_end(folder, before, count)


def _prompt_ids(folder: Path) -> set[str]:
    return {hashlib.sha256(path.read_bytes()).hexdigest()[:16] for path in (folder / "prompts").glob("*.txt")}


def _other_end(folder: Path, last: dict[str, Any] | None, count: int) -> str | None:
    """Whether results.json, where the run has ended, tells of the same rounds and the same last prompt."""
    path = folder / "results.json"
    if not path.exists():
        return None
    results = json.loads(path.read_text(encoding="utf-8"))
    if len(results["rounds"]) - 1 != count:
        return f"results.json has {len(results['rounds']) - 1} rounds, the ledger {count}"
    if last and results["rounds"][-1]["prompts"] != last["global"]:
        return f"the last prompt of results.json is not the global prompt of round {count}"
    return None


def main(arguments: list[str]) -> int:
    """Verifies the runs named; 0 where all hold, 1 where one does not, 2 for wrong usage."""
    if not arguments or arguments[0].startswith("-"):
        print("usage: python -m utils.run_log.ledger logs/<run> [...]")
        return 0 if arguments and arguments[0] in ("-h", "--help") else 2
    broken = False
    for folder in arguments:
        count, wrong = verify(Path(folder))
        broken = broken or wrong is not None
        print(f"{folder}: " + (f"BROKEN: {wrong}" if wrong else f"{count} rounds verified"))
    return int(broken)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
