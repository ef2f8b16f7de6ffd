"""The page of a run exists before the run ends, and after it broke off."""

import json
import time

import pytest
import toy

import main
from textgrad.errors import BrokenSystem
from utils import report
from utils.federation.rounds import _Run
from utils.run_log import log


@pytest.fixture
def pages(monkeypatch):
    """Refresh the page after every round, and collect the results shown on each."""
    shown = []
    write_page = report.write_page

    def recorded(folder, results=None, target=None):
        drawings = write_page(folder, results, target)
        shown.append((results, (folder / "report.html").read_text()))
        return drawings

    monkeypatch.setattr(report, "write_page", recorded)
    for name in ("_FIRST_PAGE_SECONDS", "_PAGE_SECONDS", "_PAUSE_PER_PAGE"):
        monkeypatch.setattr(log, name, 0)
    return shown


@pytest.mark.parametrize("module", ["train_centralized", "train_homo_fed"])
def test_the_page_is_refreshed_after_every_round(tmp_path, pages, module):
    assert main.main(toy.options(tmp_path, module=module)) == 0
    folder = tmp_path / "logs" / "run"
    final = json.loads((folder / "results.json").read_text())
    assert len(pages) == 2
    for number, (results, page) in enumerate(pages, start=1):
        assert results["rounds"] == final["rounds"][: number + 1]
        assert f"round {number} of 2 has ended; the run has not" in page
    page = (folder / "report.html").read_text()
    assert "the run has not" not in page and "complete" in page


def test_a_run_that_breaks_off_keeps_the_page_of_its_rounds(tmp_path, pages, monkeypatch):
    train = _Run._round

    def broken(self, number, prompts):
        if number == 2:
            while not (tmp_path / "logs" / "run" / "ledger.jsonl").stat().st_size:
                time.sleep(0.01)
            raise BrokenSystem("the disk is full")
        return train(self, number, prompts)

    monkeypatch.setattr(_Run, "_round", broken)
    monkeypatch.setattr(log, "_FIRST_PAGE_SECONDS", 1000)
    assert main.main(toy.options(tmp_path)) == 2
    folder = tmp_path / "logs" / "run"
    assert not (folder / "results.json").exists()
    assert "round 1 of 2 has ended; the run has not" in (folder / "report.html").read_text()
    monkeypatch.undo()
    assert main.main(toy.options(tmp_path)) == 0
    assert "the run has not" not in (folder / "report.html").read_text()


def test_a_run_that_breaks_off_in_its_first_round_has_no_page(tmp_path, monkeypatch):
    def broken(self, number, prompts):
        raise BrokenSystem("the disk is full")

    monkeypatch.setattr(_Run, "_round", broken)
    assert main.main(toy.options(tmp_path)) == 2
    assert not (tmp_path / "logs" / "run" / "report.html").exists()


def test_a_page_that_cannot_be_drawn_does_not_end_the_run(tmp_path, pages, monkeypatch, capsys):
    def broken(folder, results=None, target=None):
        if results is not None:
            raise KeyError("accuracy")
        return write_page(folder, results, target)

    write_page = report.write_page
    monkeypatch.setattr(report, "write_page", broken)
    assert main.main(toy.options(tmp_path)) == 0
    assert capsys.readouterr().out.count("warning: the page of the run was not refreshed: KeyError: 'accuracy'") == 2
