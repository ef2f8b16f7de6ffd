"""The facts at the top of a run's page."""

import pytest
import toy

import main
from utils.report.header import facts
from utils.report.runs import load_run


@pytest.mark.parametrize(
    "module, clients, aggregator", [("train_homo_fed", "3", "summarization"), ("train_centralized", "1", None)]
)
def test_the_facts_say_what_ran_how_large_and_at_what_cost(tmp_path, module, clients, aggregator):
    assert main.main(toy.options(tmp_path, module=module)) == 0
    run = load_run(tmp_path / "logs" / "run")
    found = dict(facts(run))
    assert (found["module"], found["clients"], found.get("aggregator")) == (module, clients, aggregator)
    assert (found["rounds"], found["local steps (E)"], found["seed"]) == ("2 of 2", "2", "42")
    assert found["test engine"].startswith("simulated") and found["evaluation engine"] == "the same"
    assert found["cost"].endswith("from cache)") and found["status"] == "complete"
    page = (run.folder / "report.html").read_text()
    assert all(f"<dt>{label}</dt>" in page for label in found)


def test_the_page_says_first_what_went_wrong(tmp_path):
    assert main.main(toy.options(tmp_path, "--drop_rate", "0.5")) == 0
    page = (tmp_path / "logs" / "run" / "report.html").read_text()
    assert page.index("missing uploads") < page.index('class="tiles"')
