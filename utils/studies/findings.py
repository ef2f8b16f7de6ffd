"""What the finished runs of a study say: values over seeds, and one finding per published claim."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Any

from utils.metrics.paired import SIGNIFICANCE
from utils.metrics.statistics import Spread, compare, over_seeds
from utils.report.formats import interval_text
from utils.report.groups import is_group, load_group
from utils.report.paired import name_of_test
from utils.report.runs import Run, is_run, load_run
from utils.studies.declaration import Claim, Key, Published, Study
from utils.studies.measures import ACCURACY, Measure
from utils.studies.runs import Setting

Outcomes = dict[tuple[str, int], float]  # score by question


@dataclass(frozen=True)
class Cell:
    """One cell of the grid with its finished runs.

    Attributes:
        key: its labels.
        measure: what is read from the runs.
        published: the paper's value, or None.
        runs: one per seed; [] if they are not finished.
    """

    key: Key
    measure: Measure
    published: Published | None
    runs: Sequence[Run]

    @property
    def row(self) -> str:
        """The label of the row."""
        return ", ".join(self.key[:-1])

    @property
    def column(self) -> str:
        """The label of the column."""
        return self.key[-1]

    @property
    def estimates(self) -> dict[int, dict[str, Any]]:
        """The measured estimates by seed."""
        found = {run.options["seed"]: self.measure.value(run) for run in self.runs}
        return {seed: estimate for seed, estimate in found.items() if estimate and estimate["value"] is not None}

    @property
    def problem(self) -> str:
        """Why the cell has no value; "" if it has one."""
        if not self.runs:
            return "not finished"
        return "" if self.estimates else f"the run has no {self.measure.label}"

    @property
    def spread(self) -> Spread:
        """Mean, standard deviation and interval over seeds; the interval of one seed is that of its test questions."""
        estimates = list(self.estimates.values())
        spread = over_seeds([estimate["value"] for estimate in estimates], self.measure.limits)
        return spread if spread.n > 1 else replace(spread, ci95=estimates[0]["ci95"])

    @property
    def questions(self) -> int:
        """The number of test questions behind each value; 0 if there are none."""
        return next(iter(self.estimates.values()))["n"]


@dataclass(frozen=True)
class Finding:
    """What our runs say about a claim.

    Attributes:
        claim: of the paper.
        verdict: "supported", "contradicted", "undecided" or "not tested".
        evidence: the difference with its interval, or why there is no test.
        test: what was tested, and how.
    """

    claim: Claim
    verdict: str
    evidence: str
    test: str


def cells_of(study: Study, settings: Mapping[Key, Setting]) -> dict[Key, Cell]:
    """Return the cells with the runs that are finished."""
    runs = {setting.name: runs_of(setting) for setting in settings.values()}
    published = study.published_values
    return {
        key: Cell(key, study.cells[key].measure or ACCURACY, published.get(key), runs[setting.name])
        for key, setting in settings.items()
    }


def findings_of(study: Study, cells: Mapping[Key, Cell]) -> list[Finding]:
    """Return one finding per claim of a study."""
    return [_finding(claim, cells) for claim in study.claims]


def runs_of(setting: Setting) -> list[Run]:
    """Return the finished runs of a setting, one per seed."""
    if is_group(setting.folder):
        return load_group(setting.folder).runs
    return [load_run(setting.folder)] if is_run(setting.folder) else []


def _finding(claim: Claim, cells: Mapping[Key, Cell]) -> Finding:
    pairs = [(cells[first], cells[second]) for first, second in claim.pairs(cells) if second in cells]
    if not pairs:
        return Finding(claim, "not tested", f"no runs of {claim.larger} and {claim.smaller}", "")
    if missing := [cell for pair in pairs for cell in pair if cell.problem]:
        return Finding(claim, "not tested", f"{missing[0].row}, {missing[0].column}: {missing[0].problem}", "")
    settings = f"{len(pairs)} pairs of settings" if len(pairs) > 1 else "one pair of settings"
    seeds = set.intersection(*(set(cell.estimates) for pair in pairs for cell in pair))
    return _over_seeds(claim, pairs, seeds, settings) if len(seeds) > 1 else _over_questions(claim, pairs, settings)


def _over_seeds(claim: Claim, pairs: Sequence[tuple[Cell, Cell]], seeds: set[int], settings: str) -> Finding:
    """Test the mean difference over the pairs, seed by seed."""
    differences = [
        fmean(first.estimates[seed]["value"] - second.estimates[seed]["value"] for first, second in pairs)
        for seed in sorted(seeds)
    ]
    spread = over_seeds(differences, (-math.inf, math.inf))
    low, high = spread.ci95 or (-math.inf, math.inf)
    evidence = f"{claim.larger} − {claim.smaller}: {spread.mean:+.3f} {interval_text((low, high), '+')}"
    verdict = _verdict(claim, spread.mean, low > 0 or high < 0)
    return Finding(claim, verdict, evidence, f"Student's t over {spread.n} seeds, mean of {settings}")


def _over_questions(claim: Claim, pairs: Sequence[tuple[Cell, Cell]], settings: str) -> Finding:
    """Test one seed by the test questions that both sides answered; each counts once, as its mean over the pairs."""
    larger, smaller = ([pair[side] for pair in pairs] for side in (0, 1))
    if any(len(cell.runs) != 1 for pair in pairs for cell in pair):
        return Finding(claim, "not tested", "the settings have no two seeds in common", "")
    before, after = _pooled(smaller), _pooled(larger)
    if not before or before.keys() != after.keys():
        difference = fmean(first.spread.mean - second.spread.mean for first, second in pairs)
        why = "one seed, and no scores of the same questions on both sides"
        return Finding(claim, "not tested", f"{claim.larger} − {claim.smaller}: {difference:+.3f}; {why}", "")
    found = compare(before, after)
    evidence = (
        f"{claim.larger} − {claim.smaller}: {found.difference:+.3f} {interval_text(found.ci95, '+')}, "
        f"p = {found.p_value:.3g}, n = {found.n}"
    )
    graded = any(0 < score < 1 for score in (*before.values(), *after.values()))
    test = "permutation test" if graded else name_of_test([cell.runs[0] for cell in larger])
    verdict = _verdict(claim, found.difference, found.p_value <= SIGNIFICANCE)
    return Finding(claim, verdict, evidence, f"{test} on the questions of one seed, {settings}")


def _pooled(cells: Sequence[Cell]) -> Outcomes:
    """Return the mean score of each question over the cells and prompts that answered it."""
    scores: dict[tuple[str, int], list[float]] = {}
    for cell in cells:
        (run,) = cell.runs
        for outcomes in run.correct(cell.measure.evaluation(run)).values():
            for question, score in outcomes.items():
                scores.setdefault(question, []).append(score)
    return {question: fmean(values) for question, values in scores.items()}


def _verdict(claim: Claim, difference: float, is_significant: bool) -> str:
    if claim.equal:
        return "contradicted" if is_significant else "no difference found, which does not prove equality"
    if not is_significant:
        return "undecided: not distinguishable from noise"
    return "supported" if difference > 0 else "contradicted"
