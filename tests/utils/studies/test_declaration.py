"""Declared studies: the paper's values, claims about cells that exist, and one script per study."""

import re
from pathlib import Path

import pytest

from textgrad.discovery import names_in
from utils.studies.__main__ import find_study
from utils.studies.declaration import Arm, Claim, Study, cross, vary
from utils.studies.runs import Request, settings_of

ROOT = Path(__file__).parents[3]
PAPER = names_in("utils.studies.paper")
NAMES = (*PAPER, *names_in("utils.studies.further"))

# Row of PAPER.md, then each label with its values as printed there.
PUBLISHED = {
    "table1_local_steps_batch_size": (
        "Table 1",
        {
            "E = 3": ".73 (.03) .78 (.02) .72 (.03)",
            "E = 5": ".83 (.02) .86 (.02) .84 (.01)",
            "E = 10": ".81 (.03) .83 (.02) .80 (.02)",
        },
    ),
    "fig3_engines": ("Fig. 3a, 3b", {"centralized": ".99 .99 .96 .95", "federated": ".98"}),
    "fig6_aggregators": ("Fig. 6a", {"concatenation": ".90 .69 .94", "summarization": ".88 .55 .92"}),
    "table2_livebench": ("Table 2", {"centralized": ".53 .37 .33 .46", "federated": ".40 .30 .27 .50"}),
    "table3_transfer": ("Table 3", {"initial": ".66 .51 .80", "transferred": ".69 .66 .72"}),
    "table4_uid": (
        "Table 4",
        {"summarization": ".73 (.03) .78 (.02) .72 (.03)", "UID": ".75 (.02) .79 (.02) .74 (.03)"},
    ),
}


def numbers(text):
    return [float(number) for number in re.findall(r"(?<![\d.])\.\d+", text)]


def declared(study, label):
    values = [value for key, value in study.published_values.items() if label in key]
    return [number for each in values for number in (each.value, each.sd) if number is not None]


@pytest.mark.parametrize("name", PAPER)
def test_the_declared_values_are_the_published_ones(name):
    study = find_study(name)[1]
    expected = PUBLISHED.get(name, ("", {}))[1]
    assert {label: declared(study, label) for label in study.published} == {
        label: numbers(text) for label, text in expected.items()
    }


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_published_values_are_those_of_the_notes_on_the_paper(name):
    notes = ROOT.parent / "shared" / "PAPER.md"
    if not notes.exists():
        pytest.skip("no notes on the paper at ../shared/PAPER.md")
    row, values = PUBLISHED[name]
    (line,) = [line for line in notes.read_text().splitlines() if line.startswith(f"| {row} |")]
    assert numbers(line.split("|")[4]) == [number for text in values.values() for number in numbers(text)]


def test_every_figure_and_table_has_a_script_and_a_declaration():
    scripts = {path.stem for path in (ROOT / "scripts" / "paper").glob("*.sh")}
    assert scripts == {*PAPER, "all"}
    assert {path.stem for path in (ROOT / "scripts" / "studies").glob("*.sh")} == {*NAMES} - {*PAPER}


@pytest.mark.parametrize("name", NAMES)
def test_every_claim_compares_cells_of_its_study(name):
    cells = find_study(name)[1].cells
    for claim in find_study(name)[1].claims:
        pairs = claim.pairs(cells)
        assert pairs and all(first != second and second in cells for first, second in pairs), claim.text


@pytest.mark.parametrize("name", NAMES)
def test_the_settings_of_a_study_are_valid_options(name, tmp_path):
    from utils.config import parse

    for smoke in (False, True):
        settings = settings_of(find_study(name)[1], tmp_path, Request(smoke=smoke)).values()
        configs = {each.name: parse(each.words) for each in settings}
        assert all(len(each) < 200 for each in configs)
        assert all(config.test_engine.startswith("simulated") for config in configs.values() if smoke)
        assert len({str(config) for config in configs.values()}) == len(configs), "a name stands for one setting"


def test_a_claim_pairs_each_cell_with_the_one_that_differs_in_one_label():
    rows = cross({"UID": Arm(), "summarization": Arm()}, {"a": Arm(), "b": Arm()})
    study = Study("t", rows, vary("batch_size", 1, 3), "B")
    claim = Claim("c", "UID", "summarization", only=("b",))
    assert claim.pairs(study.cells) == [
        (("UID", "b", "1"), ("summarization", "b", "1")),
        (("UID", "b", "3"), ("summarization", "b", "3")),
    ]


def test_published_values_must_cover_all_cells_of_their_label():
    study = Study("t", {"a": Arm()}, vary("batch_size", 1, 3), "B", published={"a": ".5"})
    with pytest.raises(ValueError, match="shorter"):
        _ = study.published_values
