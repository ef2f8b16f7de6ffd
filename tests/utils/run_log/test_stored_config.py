"""A config.json that somebody has edited: one line, for a resumed run and for the report."""

import json

import pytest
import toy

import main
from utils.report.__main__ import main as report

ODD = ("1e999", "NaN", "-1", '"abc"', "null", "1" + "0" * 400, "[]", "true", "{}", "[" * 5000)
PLACES = ("", "options", "options.max_epochs", "options.task", "options.seed", "engines", "data", "data.sums")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    assert main.run(toy.config(folder, "--rounds", "1")) == 0
    return folder


@pytest.mark.parametrize("odd", ODD, ids=range(len(ODD)))
@pytest.mark.parametrize("place", PLACES)
def test_an_edited_configuration_is_refused_in_one_line_or_makes_no_difference(folder, capsys, place, odd):
    path = folder / "logs" / "run" / "config.json"
    intact = path.read_text(encoding="utf-8")
    edited = json.loads(intact)
    parts = edited
    *parents, name = place.split(".")
    for parent in parents:
        parts = parts[parent]
    if place:
        parts[name] = "HERE"
    text = json.dumps(edited if place else "HERE").replace('"HERE"', odd)
    arguments = toy.options(folder, "--rounds", "1")
    try:
        for run in (lambda: main.main(arguments), lambda: report([str(path.parent)])):
            path.write_text(text, encoding="utf-8")
            capsys.readouterr()
            status = run()
            errors = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
            assert (status, len(errors)) in ((0, 0), (2, 1))
            assert all("config.json" in line or str(path.parent) in line for line in errors)
    finally:
        path.write_text(intact, encoding="utf-8")


@pytest.mark.parametrize("odd", ["-1", "0", "2.5", "1000001"])
def test_a_stored_number_of_rounds_out_of_range_is_refused_with_the_range(folder, capsys, odd):
    path = folder / "logs" / "run" / "config.json"
    intact = path.read_text(encoding="utf-8")
    path.write_text(intact.replace('"max_epochs": 1', f'"max_epochs": {odd}'), encoding="utf-8")
    try:
        assert main.main(toy.options(folder, "--rounds", "1")) == 2
        assert "it must be at least 1 and at most 1000000" in capsys.readouterr().err
    finally:
        path.write_text(intact, encoding="utf-8")
