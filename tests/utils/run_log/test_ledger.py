"""The ledger: broken chains and changed files are found."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import toy

import main
from utils.run_log.ledger import GENESIS, find_break, verify, with_hash

pytestmark = pytest.mark.slow


@pytest.fixture
def run_folder(tmp_path):
    assert main.run(toy.config(tmp_path, "--rounds", "3")) == 0
    return tmp_path / "logs" / "run"


def entries_of(folder):
    return [json.loads(line) for line in (folder / "ledger.jsonl").read_text().splitlines()]


def test_a_finished_run_verifies(run_folder):
    assert verify(run_folder) == (3, None)


def test_the_ledger_has_one_line_per_round_with_all_hashes(run_folder):
    entries = entries_of(run_folder)
    assert [entry["round"] for entry in entries] == [1, 2, 3]
    assert all(len(entry["clients"]) == len(entry["aggregated"]) == 3 for entry in entries)
    assert entries[1]["broadcast"] == entries[0]["global"] == entries[0]["evaluated"]["sums"]


@pytest.mark.parametrize("line", [0, 1, 2])
@pytest.mark.parametrize("field", ["broadcast", "global", "aggregated", "clients", "evaluated", "kept_old"])
def test_a_changed_field_is_found_in_its_round(run_folder, line, field):
    entries = entries_of(run_folder)
    other = json.dumps(entries[line][field]).replace("a", "b", 1).replace('""', '"x"')
    entries[line][field] = json.loads(other) if other != json.dumps(entries[line][field]) else "changed"
    (run_folder / "ledger.jsonl").write_text("".join(json.dumps(entry) + "\n" for entry in entries))
    count, wrong = verify(run_folder)
    assert count == line and f"round {line + 1}" in wrong


def test_a_missing_line_is_found(run_folder):
    lines = (run_folder / "ledger.jsonl").read_text().splitlines(keepends=True)
    (run_folder / "ledger.jsonl").write_text(lines[0] + lines[2])
    assert "round 2" in verify(run_folder)[1]
    (run_folder / "ledger.jsonl").write_text(lines[0] + lines[1])
    assert "results.json" in verify(run_folder)[1]


def test_a_changed_prompt_file_is_found(run_folder):
    upload = (run_folder / "prompts" / "round01_client01_upload.txt").read_text()
    for path in (run_folder / "prompts").iterdir():
        if path.read_text() == upload:
            path.write_text(upload + "!")
    assert "no file in prompts/" in verify(run_folder)[1]


def chain(*changes):
    """Return two correct rounds, changed and hashed again, as a wrong program would write them."""
    before, previous = None, GENESIS
    for number, change in enumerate(changes, 1):
        start = ["p0"] if number == 1 else before["global"]
        entry = {
            "round": number,
            "local_only": False,
            "broadcast": start,
            "clients": [{"client": 0, "started": start[0], "uploaded": f"u{number}"}],
            "aggregated": [f"u{number}"],
            "merged": f"p{number}",
            "quorum_missed": False,
            "kept_old": "",
            "global": [f"p{number}"],
            "evaluated": {"t": [f"p{number}"]},
        } | change
        entry = with_hash(entry, previous)
        if wrong := find_break(entry, before):
            return number, wrong
        before, previous = entry, entry["seal"]
    return None


def test_a_correct_chain_is_valid():
    assert chain({}, {}) is None


@pytest.mark.parametrize(
    "change, said",
    [
        ({"broadcast": ["p0"]}, "it broadcast"),
        ({"clients": [{"client": 0, "started": "p0", "uploaded": "u2"}]}, "client 0 started from p0"),
        ({"aggregated": ["u1"]}, "it aggregated"),
        ({"evaluated": {"t": ["p1"]}}, "t was evaluated under"),
        ({"global": ["p1"], "evaluated": {"t": ["p1"]}}, "the global prompt is not the merged one"),
        ({"kept_old": "gate"}, "the old prompt should have been kept"),
    ],
)
def test_the_faults_of_the_published_code_break_the_chain(change, said):
    number, wrong = chain({}, change)
    assert number == 2 and said in wrong


def test_the_command_verifies_and_fails(run_folder):
    command = [sys.executable, "-m", "utils.run_log.ledger", str(run_folder)]
    root = Path(main.__file__).parent
    good = subprocess.run(command, cwd=root, capture_output=True, text=True)
    assert good.returncode == 0 and "3 rounds verified" in good.stdout
    (run_folder / "ledger.jsonl").write_text("{}\n")
    bad = subprocess.run(command, cwd=root, capture_output=True, text=True)
    assert bad.returncode == 1 and "BROKEN: round 1" in bad.stdout
