"""Compare the files of a run with its ledger: every prompt, results.json and metrics.jsonl."""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from textgrad.errors import UsageError
from textgrad.text import load_json, parse_json, read_json_lines, read_text
from utils.federation.evaluation import prompt_id
from utils.federation.personal import PERSONAL
from utils.federation.result import prompts_text

_ROUND = re.compile(r"round(\d+)_")


def prompt_ids(folder: Path) -> dict[str, str]:
    """Return the id of each prompt in prompts/ by its file name."""
    return {path.name: _file_id(path) for path in sorted((folder / "prompts").glob("*.txt")) if path.is_file()}


def _file_id(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def prompts_of_round(entry: Mapping[str, Any]) -> dict[str, str]:
    """Return the ids of the prompts of a ledger entry by file name."""
    name = f"round{entry['round']:02d}"
    files = {f"{name}_client{each['client']:02d}_upload.txt": each["uploaded"] for each in entry["clients"]}
    for client, prompt in enumerate(entry["global"]):
        files[f"{name}_client{client:02d}_own.txt" if entry["local_only"] else f"{name}_global.txt"] = prompt
    return files | ({f"{name}_merged.txt": entry["merged"]} if entry["merged"] else {})


def wrong_file(expected: Mapping[str, str], found: Mapping[str, str]) -> str | None:
    """Return the first prompt file that is missing or has another content, or None."""
    for name, prompt in expected.items():
        if name not in found:
            return f"prompts/{name} is missing"
        if prompt != found[name]:
            return f"prompts/{name} was changed: it contains the prompt {found[name]}, not {prompt}"
    return None


def find_wrong_file(folder: Path, entries: Sequence[Mapping[str, Any]]) -> str | None:
    """Return how the files of a run contradict its ledger, whose chain is intact, or None.

    Rounds that the ledger does not have yet are allowed unless the run is finished.
    """
    try:
        path = folder / "results.json"
        results = load_json(path.read_text(encoding="utf-8-sig")) if path.exists() else None
        events = read_events(folder)
        return next(_contradictions(folder, entries, results, events), None)
    except UsageError as error:
        return str(error)
    except (LookupError, TypeError, ValueError, AttributeError, OSError) as error:
        return f"results.json or metrics.jsonl cannot be read ({type(error).__name__}: {error})"


def read_events(folder: Path) -> list[dict[str, Any]]:
    """Return the lines of metrics.jsonl, without the incomplete last line of a killed run; [] without the file."""
    path = folder / "metrics.jsonl"
    if not path.exists():
        return []
    try:
        return read_json_lines(path)
    except UsageError:
        complete, _, last = read_text(path).rpartition("\n")
        if not last:
            raise
        try:
            return [parse_json(line) for line in complete.split("\n") if line.strip()]
        except ValueError:
            pass
        raise


def _contradictions(
    folder: Path,
    entries: Sequence[Mapping[str, Any]],
    results: Mapping[str, Any] | None,
    events: Sequence[Mapping[str, Any]],
) -> Iterator[str]:
    found = prompt_ids(folder)
    expected = _steps(events, len(entries))
    for entry in entries:
        expected |= prompts_of_round(entry)
    if entries:
        expected["initial.txt"] = entries[0]["broadcast"][0]
    elif results:
        expected["initial.txt"] = prompt_id(results["prompts"]["initial"])
    if wrong := wrong_file(expected, found):
        yield wrong
    if results:
        yield from _wrong_results(folder, entries, results)
    yield from _wrong_events(entries, events)
    finished = results is not None and results.get("status", "complete") == "complete"
    known = {*expected, *_unrecorded(events), "initial.txt", "best.txt", "last.txt", f"{PERSONAL}.txt"}
    yield from _unexpected(folder, known, len(entries), finished)


def _steps(events: Sequence[Mapping[str, Any]], rounds: int) -> dict[str, str]:
    """Return the ids of the rewrites of all local steps by file name."""
    files = {}
    for event in events:
        if event["event"] != "step" or event["round"] > rounds:
            continue
        name = _step_name(event)
        if event["accepted"] and event["prompt"]:
            files[f"{name}.txt"] = event["prompt"]
        elif event.get("rewrite"):
            files[f"{name}_rejected.txt"] = event["rewrite"]
    return files


def _unrecorded(events: Sequence[Mapping[str, Any]]) -> set[str]:
    """Return the files of rejected rewrites whose ids earlier versions did not record."""
    steps = [event for event in events if event["event"] == "step" and "rewrite" not in event]
    return {f"{_step_name(event)}_rejected.txt" for event in steps}


def _step_name(event: Mapping[str, Any]) -> str:
    return f"round{event['round']:02d}_client{event['client']:02d}_step{event['step']:02d}"


def _wrong_results(folder: Path, entries: Sequence[Mapping[str, Any]], results: Mapping[str, Any]) -> Iterator[str]:
    rounds = results["rounds"]
    if len(rounds) - 1 != len(entries):
        yield f"results.json has {len(rounds) - 1} rounds, the ledger has {len(entries)}"
        return
    for entry, record in zip(entries, rounds[1:], strict=True):
        number = entry["round"]
        if record["prompts"] != entry["global"]:
            yield f"the prompt of round {number} in results.json is not the global prompt of that round"
        uploads = {int(client): upload["prompt"] for client, upload in record["uploads"].items()}
        if uploads != {each["client"]: each["uploaded"] for each in entry["clients"]}:
            yield f"the uploads of round {number} in results.json are not those of the ledger"
        if record["kept_old"] != entry["kept_old"]:
            yield f"results.json and the ledger differ in why round {number} kept the old prompt"
    initial = results["prompts"]["initial"]
    if entries and prompt_id(initial) != entries[0]["broadcast"][0]:
        yield "the initial prompt in results.json is not the one that round 1 broadcast"
    for name, number in (("best", results["best_round"]), ("last", len(entries))):
        texts = _texts(folder, entries, number, initial)
        allowed = (prompts_text(texts), texts[0])  # earlier versions wrote client 0's prompt only
        if results["prompts"][name] not in allowed:
            yield f"the {name} prompt in results.json is not the prompt of round {number}"
        path = folder / "prompts" / f"{name}.txt"
        if not path.exists():
            yield f"prompts/{name}.txt is missing"
        elif _file_id(path) not in map(prompt_id, allowed):
            yield f"prompts/{name}.txt was changed: it is not the prompt of round {number}"
    personal = results["prompts"].get(PERSONAL)
    if personal is not None and prompt_ids(folder).get(f"{PERSONAL}.txt") != prompt_id(personal):
        yield f"prompts/{PERSONAL}.txt is missing or was changed: results.json has other prompts of the clients"


def _texts(folder: Path, entries: Sequence[Mapping[str, Any]], number: int, initial: str) -> list[str]:
    """Return the prompts after a round, from their files, which were compared with the ledger."""
    if number == 0:
        return [initial] * (len(entries[0]["global"]) if entries else 1)
    ids = {prompt: name for name, prompt in prompts_of_round(entries[number - 1]).items()}
    return [(folder / "prompts" / ids[prompt]).read_bytes().decode("utf-8") for prompt in entries[number - 1]["global"]]


def _wrong_events(entries: Sequence[Mapping[str, Any]], events: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for event in events:
        number = event.get("round", 0)
        if event["event"] == "round" and 1 <= number <= len(entries):
            entry = entries[number - 1]
            uploads = {int(client): prompt for client, prompt in event["uploads"].items()}
            if event["prompts"] != entry["global"] or uploads != {
                each["client"]: each["uploaded"] for each in entry["clients"]
            }:
                yield f"round {number} in metrics.jsonl names other prompts than the ledger"


def _unexpected(folder: Path, expected: set[str], rounds: int, finished: bool) -> Iterator[str]:
    """Yield the files in prompts/ that no log names."""
    for path in sorted((folder / "prompts").iterdir()):
        if path.name in expected or path.name.startswith("."):  # an incomplete file of a killed process
            continue
        match = _ROUND.match(path.name)
        unfinished_round = match is not None and int(match[1]) > rounds and not finished
        if not unfinished_round:
            yield f"prompts/{path.name} belongs to no step or round of the logs"
