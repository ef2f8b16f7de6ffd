"""The ledger: broken chains and changed files are found."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import toy

import main
from utils.run_log import ledger
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


CHANGES = {
    "a global prompt": ("round02_global.txt", "round 2: prompts/round02_global.txt was changed"),
    "an upload": ("round01_client01_upload.txt", "round 1: "),
    "a merged prompt": ("round03_merged.txt", "round 3: prompts/round03_merged.txt was changed"),
    "the initial prompt": ("initial.txt", "prompts/initial.txt was changed"),
    "the best prompt": ("best.txt", "prompts/best.txt was changed"),
    "the last prompt": ("last.txt", "prompts/last.txt was changed"),
}


@pytest.mark.parametrize("name, said", CHANGES.values(), ids=CHANGES)
def test_every_changed_or_missing_prompt_file_is_found(run_folder, name, said):
    path = run_folder / "prompts" / name
    before = path.read_bytes()
    path.write_bytes(before + b"!")
    assert said in verify(run_folder)[1]
    path.unlink()
    assert f"prompts/{name} is missing" in verify(run_folder)[1] or "no file in prompts/" in verify(run_folder)[1]
    path.write_bytes(before)
    assert verify(run_folder) == (3, None)


def test_every_file_in_prompts_is_checked(run_folder):
    for path in sorted((run_folder / "prompts").iterdir()):
        before = path.read_bytes()
        path.write_bytes(before + b" ")
        assert path.name in verify(run_folder)[1] or "no file in prompts/" in verify(run_folder)[1]
        path.write_bytes(before)
    assert verify(run_folder) == (3, None)


@pytest.mark.parametrize("name", ["round04_global.txt", "round01_client07_upload.txt", "notes.txt", "extra.md"])
def test_a_file_that_no_log_names_is_found(run_folder, name):
    (run_folder / "prompts" / name).write_text("Add.")
    assert f"prompts/{name} belongs to no step or round" in verify(run_folder)[1]


def change_results(folder, change):
    path = folder / "results.json"
    results = json.loads(path.read_text())
    change(results)
    path.write_text(json.dumps(results))


@pytest.mark.parametrize(
    "change, said",
    [
        (lambda results: results["rounds"][2].update(prompts=["0" * 16]), "round 2"),
        (lambda results: results["rounds"][1]["uploads"]["0"].update(prompt="0" * 16), "uploads of round 1"),
        (lambda results: results["rounds"][1].update(kept_old="gate"), "kept the old prompt"),
        (lambda results: results["prompts"].update(initial="Add!"), "initial prompt in results.json"),
        (lambda results: results["prompts"].update(best="Add!"), "the best prompt in results.json"),
        (lambda results: results["prompts"].update(last="Add!"), "the last prompt in results.json"),
        (lambda results: results["rounds"].pop(), "results.json has 2 rounds, the ledger has 3"),
        (lambda results: results.pop("prompts"), "cannot be read"),
    ],
)
def test_results_that_contradict_the_ledger_are_found(run_folder, change, said):
    change_results(run_folder, change)
    assert said in verify(run_folder)[1]


def test_metrics_that_contradict_the_ledger_are_found(run_folder):
    path = run_folder / "metrics.jsonl"
    prompt = entries_of(run_folder)[1]["global"][0]
    path.write_text(path.read_text().replace(f'"prompts": ["{prompt}"]', '"prompts": ["0000000000000000"]', 1))
    assert "in metrics.jsonl names other prompts than the ledger" in verify(run_folder)[1]


@pytest.mark.parametrize("module", ["train_centralized", "train_homo_fed", "train_hetero_fed"])
def test_a_local_only_run_verifies_and_its_files_are_checked(tmp_path, module):
    tasks = [toy.task_file(tmp_path, name) for name in ("first", "second")[: 1 + (module == "train_hetero_fed")]]
    assert main.run(toy.config(tmp_path, "--aggregate_method", "none", module=module, tasks=tasks)) == 0
    folder = tmp_path / "logs" / "run"
    assert verify(folder) == (2, None)
    for name in ("round02_client00_own.txt", "best.txt"):
        before = (folder / "prompts" / name).read_text()
        (folder / "prompts" / name).write_text(before + "!")
        assert verify(folder)[1] is not None
        (folder / "prompts" / name).write_text(before)


def test_an_interrupted_run_verifies_as_far_as_it_got(run_folder):
    (run_folder / "results.json").unlink()
    lines = (run_folder / "ledger.jsonl").read_text().splitlines(keepends=True)
    (run_folder / "ledger.jsonl").write_text("".join(lines[:2]))
    metrics = (run_folder / "metrics.jsonl").read_text()
    (run_folder / "metrics.jsonl").write_text(metrics[:-20])
    (run_folder / "prompts" / ".round03_global.txt.part").write_text("A")
    assert verify(run_folder) == (2, None)
    (run_folder / "prompts" / "round02_global.txt").write_text("changed")
    assert "round 2" in verify(run_folder)[1]


def test_the_readme_says_what_the_ledger_cannot_prove():
    text = " ".join((Path(main.__file__).parent / "logs" / "README.md").read_text().split())
    assert "prove nothing against the owner of the folder" in text


@pytest.mark.parametrize("arguments, status", [([], 2), (["--verify"], 2), (["-h"], 0), (["--help"], 0)])
def test_the_exit_status_tells_help_from_wrong_usage(arguments, status, capsys):
    assert ledger.main(arguments) == status and capsys.readouterr().out.startswith("usage:")
