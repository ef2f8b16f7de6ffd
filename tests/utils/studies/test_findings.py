"""Claims of the paper against finished runs."""

import pytest

from utils.studies.declaration import Arm, Claim, Study, vary
from utils.studies.findings import cells_of, findings_of
from utils.studies.measures import Measure
from utils.studies.runs import Request, settings_of

TASK = Arm(module="train_homo_fed", task=("t",))
GOOD, BAD = [1] * 9 + [0], [0] * 9 + [1]


def study(*claims, **arm):
    return Study("t", {"t": TASK | Arm(**arm)}, vary("batch_size", 1, 3), "B", claims=claims)


def finding(declared, tmp_path):
    (found,) = findings_of(declared, cells_of(declared, settings_of(declared, tmp_path, Request())))
    return found


def fill(finished, one, three):
    finished["homo_fed_t_batch_size-1"], finished["homo_fed_t"] = one, three


RISES = Claim("Accuracy rises.", larger="3", smaller="1")
FALLS = Claim("Accuracy falls.", larger="1", smaller="3")
EQUAL = Claim("Both are equal.", larger="1", smaller="3", equal=True)


@pytest.mark.parametrize(
    "claim, verdict",
    [(RISES, "supported"), (FALLS, "contradicted"), (EQUAL, "contradicted")],
    ids=lambda each: str(each),
)
def test_one_seed_is_tested_by_its_questions(finished, tmp_path, claim, verdict):
    fill(finished, {42: BAD}, {42: GOOD})
    found = finding(study(claim), tmp_path)
    assert found.verdict == verdict and found.test.startswith("exact McNemar test on the questions of one seed")
    assert ("+0.800" if claim is RISES else "-0.800") in found.evidence and "p = 0.0215, n = 10" in found.evidence


@pytest.mark.parametrize("three, verdict", [((0.8, 0.9, 0.8), "supported"), ((0.2, 0.9, 0.1), "undecided")])
def test_several_seeds_are_tested_by_their_differences(finished, tmp_path, three, verdict):
    seeds = dict(enumerate(three))
    fill(finished, {seed: [1] * 2 + [0] * 8 for seed in seeds}, {seed: [value] for seed, value in seeds.items()})
    found = finding(study(RISES), tmp_path)
    assert found.verdict.startswith(verdict) and found.test.startswith("Student's t over 3 seeds")


def test_only_seeds_that_both_settings_have_are_compared(finished, tmp_path):
    fill(finished, {1: [0.2], 2: [0.2], 3: [0.9]}, {1: [0.8], 2: [0.7]})
    found = finding(study(RISES), tmp_path)
    assert "+0.550" in found.evidence and "over 2 seeds" in found.test


def test_a_claim_without_finished_runs_says_which_are_missing(finished, tmp_path):
    fill(finished, {42: GOOD}, {})
    found = finding(study(RISES), tmp_path)
    assert (found.verdict, found.evidence) == ("not tested", "t, 3: not finished")


def test_different_questions_are_not_tested_as_if_they_were_the_same(finished, tmp_path):
    fill(finished, {42: GOOD}, {42: [*GOOD, 1]})
    assert finding(study(RISES), tmp_path).verdict == "not tested"


def test_a_measure_without_questions_needs_two_seeds(finished, tmp_path):
    tokens = Measure(
        "tokens", lambda run: {"value": 10_000 * run.metric("best_test_acc")["value"], "n": 0, "ci95": None}
    )
    fill(finished, {1: GOOD}, {1: BAD})
    found = finding(study(FALLS, measure=tokens), tmp_path)
    assert found.verdict == "not tested" and "+8000" in found.evidence and "one seed" in found.evidence
    fill(finished, {1: GOOD, 2: GOOD}, {1: BAD, 2: BAD})
    assert finding(study(FALLS, measure=tokens), tmp_path).verdict == "supported"


def test_questions_of_several_pairs_count_once(finished, tmp_path):
    rows = {f"E = {steps}": TASK | Arm(max_steps=steps) for steps in (3, 5)}
    declared = Study("t", rows, vary("batch_size", 1, 3), "B", claims=(RISES,))
    for name in ("homo_fed_t_batch_size-1", "homo_fed_t_batch_size-1_max_steps-5"):
        finished[name] = {42: BAD}
    for name in ("homo_fed_t", "homo_fed_t_max_steps-5"):
        finished[name] = {42: GOOD}
    found = finding(declared, tmp_path)
    assert "n = 10" in found.evidence and "2 pairs of settings" in found.test
