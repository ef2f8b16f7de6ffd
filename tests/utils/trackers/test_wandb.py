"""The W&B tracker, in its offline mode: the records of its archive, and its files."""

import json
import struct
from pathlib import Path

import pytest
import toy

import main
from utils.trackers import TrackedRun
from utils.trackers import wandb as tracker_file

pytest.importorskip("wandb")
pytestmark = pytest.mark.slow
KEY = "a" * 40
_HEADER, _BLOCK = 7, 32_768  # bytes


@pytest.fixture(autouse=True)
def _offline(monkeypatch):
    for name in ("WANDB_MODE", "WANDB_API_KEY", "WANDB_PROJECT", "WANDB_DIR"):
        monkeypatch.delenv(name, raising=False)


def records(archive: Path) -> list:
    """Return the records of a .wandb file, whose format is that of LevelDB's log: blocks of fragments."""
    from wandb.proto.wandb_internal_pb2 import Record

    data, position, fragments, found = archive.read_bytes(), _HEADER, b"", []
    while position + _HEADER <= len(data):
        left = _BLOCK - position % _BLOCK
        if left < _HEADER:
            position += left
            continue
        _, size, kind = struct.unpack_from("<IHB", data, position)
        fragments += data[position + _HEADER :][:size]
        position += _HEADER + size
        if kind in (1, 4):  # a whole record, or its last fragment
            found.append(Record.FromString(fragments))
            fragments = b""
    return found


def items(entries) -> dict:
    return {entry.key or ".".join(entry.nested_key): json.loads(entry.value_json) for entry in entries}


def test_the_offline_archive_holds_the_run_and_no_key(tmp_path, monkeypatch, capfd):
    monkeypatch.setenv("WANDB_API_KEY", KEY)
    monkeypatch.setenv("WANDB_MODE", "offline")
    assert main.main(toy.options(tmp_path, "--tracker", "wandb")) == 0
    printed = capfd.readouterr()
    assert "wandb" not in printed.out + printed.err
    results = json.loads((tmp_path / "logs" / "run" / "results.json").read_text())
    (archive,) = (tmp_path / "logs" / "wandb").glob("offline-run-*/*.wandb")
    found = records(archive)
    (run,) = [each.run for each in found if each.WhichOneof("record_type") == "run"]
    assert run.display_name == "run" and run.project == "fedtextgrad"
    config = {name: value for each in found for name, value in items(each.config.update).items()}
    assert config["batch_size"] == 3 and config["tracker"] == ["wandb"]
    rows = [items(each.history.item) for each in found if each.WhichOneof("record_type") == "history"]
    validation = {row["step"]: row["validation_acc"] for row in rows if "validation_acc" in row}
    assert validation == {each["round"]: each["validation"]["mean"]["value"] for each in results["rounds"]}
    for name, estimate in results["metrics"].items():
        assert [row[name] for row in rows if name in row] == [estimate["value"]]
    files = archive.parent / "files"
    pages = [(files / row["prompt.path"]).read_text() for row in rows if "prompt.path" in row]
    assert len(pages) == 3 and results["prompts"]["last"] in pages[-1]
    for name in ("report.html", "figures/accuracy.svg", "prompts/best.txt"):
        assert (files / name).read_bytes() == (tmp_path / "logs" / "run" / name).read_bytes()
        assert not (files / name).is_symlink()
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()]


def test_a_resumed_run_has_the_same_id_and_its_archive_holds_all_rounds(tmp_path):
    for rounds in ("1", "2"):
        assert main.main(toy.options(tmp_path, "--tracker", "wandb", "--rounds", rounds)) == 0
    archives = sorted((tmp_path / "logs" / "wandb").glob("offline-run-*/*.wandb"))
    assert len(archives) == 2 and len({path.name for path in archives}) == 1
    rows = [items(each.history.item) for each in records(archives[-1]) if each.WhichOneof("record_type") == "history"]
    assert [row["step"] for row in rows if "validation_acc" in row] == [0, 1, 2]


def test_online_without_a_key_is_refused_without_a_question(tmp_path, monkeypatch):
    monkeypatch.setenv("WANDB_MODE", "online")
    monkeypatch.setenv("HOME", str(tmp_path))  # without the user's .netrc
    monkeypatch.setenv("NETRC", str(tmp_path / "none"))
    with pytest.raises(RuntimeError, match="WANDB_API_KEY is not set"):
        tracker_file.make(TrackedRun(toy.config(tmp_path), tmp_path))
