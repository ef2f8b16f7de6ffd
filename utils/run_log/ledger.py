"""The ledger: a record that prompts were federated. One line per round, chained by hashes.

    .venv/bin/python -m utils.run_log.ledger logs/<run>

verifies a run: all clients started from the broadcast prompt, their uploads were aggregated, the new global prompt was
evaluated, and the next round broadcast it. Every file in prompts/, results.json and metrics.jsonl is compared with it.

The hashes need no key, so they reveal mistakes and changes of single files or lines. They prove nothing against the
owner of the folder, who can write the whole chain anew; for that, publish the last "seal" when the run ends.
"""

import hashlib
from collections.abc import Collection
from pathlib import Path
from typing import Any

from textgrad.errors import UsageError
from textgrad.text import load_json, read_text
from utils.federation.evaluation import prompt_id
from utils.federation.result import Round, Scores
from utils.files import to_json
from utils.program.command import exit_status, run_command
from utils.run_log.ledger_files import find_wrong_file, prompt_ids, prompts_of_round, wrong_file

GENESIS = "0" * 16


def entry_of(finished: Round, validation: Scores, local_only: bool, malicious: Collection[int] = ()) -> dict[str, Any]:
    """Return the ledger entry of a round; each prompt id was taken where the prompt was used.

    Args:
        finished: the round.
        validation: scores of its prompts.
        local_only: True if clients keep their own prompts (`--aggregate_method none`).
        malicious: numbers of the malicious clients of a simulated attack.
    """
    return {
        "round": finished.number,
        "local_only": local_only,
        "broadcast": [prompt_id(prompt) for prompt in finished.broadcast],
        "clients": [
            {"client": update.client, "started": update.started, "uploaded": prompt_id(update.prompt)}
            | ({"malicious": True} if update.client in malicious else {})
            for update in finished.updates
        ],
        "aggregated": [prompt_id(prompt) for prompt in finished.aggregated],
        "merged": prompt_id(finished.merge.prompt) if finished.merge else None,
        "quorum_missed": finished.quorum_missed,
        "kept_old": finished.kept_old_reason,
        "global": [prompt_id(prompt) for prompt in finished.prompts],
        "evaluated": {task: [score.prompt for score in scores] for task, scores in validation.items()},
    }


def with_hash(entry: dict[str, Any], previous: str) -> dict[str, Any]:
    """Return the entry with the hash of the entry before it, and its own "seal": 16 hexadecimal digits of SHA-256."""
    chained = {**entry, "previous": previous}
    return {**chained, "seal": hashlib.sha256(to_json(chained).encode()).hexdigest()[:16]}


def find_break(entry: dict[str, Any], before: dict[str, Any] | None) -> str | None:
    """Return what is wrong with an entry, or None.

    Args:
        entry: of a round, with its hash.
        before: entry of the round before; None for round 1.
    """
    body = {key: value for key, value in entry.items() if key not in ("previous", "seal")}
    if with_hash(body, entry["previous"]) != entry:
        return "the line was changed after it was written"
    seal, number = (before["seal"], before["round"]) if before else (GENESIS, 0)
    if entry["previous"] != seal or entry["round"] != number + 1:
        return "an earlier line is missing or was changed"
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
        return None if entry["global"] == entry["broadcast"] else "the old prompt should have been kept, and was not"
    return None if entry["global"] == [entry["merged"]] else "the global prompt is not the merged one"


def verify(folder: Path) -> tuple[int, str | None]:
    """Return the number of verified rounds, and what is wrong in the next one, or None.

    Args:
        folder: of the run.
    """
    before, files = None, prompt_ids(folder)
    entries: list[dict[str, Any]] = []
    count = 0
    try:
        lines = read_text(folder / "ledger.jsonl").rstrip("\n").split("\n")
    except UsageError as error:
        return 0, str(error)
    for count, line in enumerate(filter(None, lines), 1):
        try:
            entry = load_json(line)
            wrong = find_break(entry, before)
        except (ValueError, KeyError, TypeError, IndexError) as error:
            wrong = f"invalid ledger entry ({type(error).__name__}: {error})"
        if not wrong:
            named = [client["uploaded"] for client in entry["clients"]] + entry["global"]
            missing = [name for name in named if name not in files.values()]
            wrong = f"no file in prompts/ contains the prompt {missing[0]}" if missing else None
            wrong = wrong or wrong_file(prompts_of_round(entry), files)
        if wrong:
            return count - 1, f"round {count}: {wrong}"
        before = entry
        entries.append(entry)
    return count, find_wrong_file(folder, entries)


def main(arguments: list[str]) -> int:
    """Verify runs. Return 0 if all are valid, 1 if one is not, 2 for wrong usage."""
    if not arguments or arguments[0].startswith("-"):
        print("usage: .venv/bin/python -m utils.run_log.ledger logs/<run> [...]")
        return 0 if arguments and arguments[0] in ("-h", "--help") else 2
    return exit_status(lambda: _verify_all(arguments))


def _verify_all(folders: list[str]) -> int:
    any_broken = False
    for folder in folders:
        count, wrong = verify(Path(folder))
        any_broken = any_broken or wrong is not None
        print(f"{folder}: " + (f"BROKEN: {wrong}" if wrong else f"{count} rounds verified"))
    return int(any_broken)


if __name__ == "__main__":
    run_command(main)
