"""What a study reads from a finished run."""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from utils.metrics.spread import ACCURACY as SHARE
from utils.report.runs import Run

Limits = tuple[float, float]
_UNBOUNDED = (float("-inf"), float("inf"))


@dataclass(frozen=True)
class Measure:
    """One number of a run.

    Attributes:
        label: of the y axis.
        value: returns {"value", "n", "ci95"} as results.json holds it, or None if the run lacks it; "ci95" may be None.
        evaluation: returns the label of the evaluation of test questions behind the number, "" if there is none.
        limits: smallest and largest possible value.
        line: label and height of a horizontal line in the figure, or None.
    """

    label: str
    value: Callable[[Run], dict[str, Any] | None]
    evaluation: Callable[[Run], str] = lambda run: ""
    limits: Limits = _UNBOUNDED
    line: tuple[str, float] | None = None

    @property
    def is_share(self) -> bool:
        """True for accuracies."""
        return self.limits == SHARE


ACCURACY = Measure(
    "test accuracy of the best prompt", lambda run: run.metric("best_test_acc"), lambda run: "best", SHARE
)


def transferred(prompt: str) -> Measure:
    """Return the accuracy of a prompt on the first engine of --transfer_engine.

    Args:
        prompt: "initial" or "best".
    """
    return Measure(
        "test accuracy on the smaller model",
        lambda run: run.metric(f"transfer_{_transfer_engine(run)}_{prompt}_test_acc"),
        lambda run: f"{prompt} on {_transfer_engine(run)}",
        SHARE,
    )


def _transfer_engine(run: Run) -> str:
    return run.options["transfer_engine"][0]


def merged_prompt(key: str, label: str) -> Measure:
    """Return a measure of complexity of the last global prompt.

    Args:
        key: in results.json, such as "surprisal_mean".
        label: of the y axis.
    """
    return Measure(label, lambda run: _number(run.results["complexity"][-1]["prompts"][0].get(key)))


def _concatenated_tokens(run: Run) -> int | None:
    return run.results["complexity"][-1].get("concatenation", {}).get("tokens")


def _dollars(run: Run) -> float | None:
    tokens, price = _concatenated_tokens(run), run.results["prices"].get("test")
    return tokens * price["request"] / 1000 if tokens is not None and price else None


def _number(value: float | None) -> dict[str, Any] | None:
    return None if value is None else {"value": value, "n": 0, "ci95": None}


CONCATENATED_TOKENS = Measure(
    "tokens of the concatenated prompt",
    lambda run: _number(_concatenated_tokens(run)),
    line=("context of 8192 tokens", 8192),
)
DOLLARS = Measure("dollars per 1,000 requests with it", lambda run: _number(_dollars(run)))


def _mean_retention(run: Run) -> float | None:
    rates = [each["retention"]["mean"] for each in run.results["rounds"] if each.get("retention")]
    known = [rate for rate in rates if rate is not None]
    return fmean(known) if known else None


def _tokens_sent(run: Run) -> int:
    rounds = run.results["rounds"]
    down = sum(old["prompt_tokens"][0] * len(new["sampled"]) for old, new in zip(rounds, rounds[1:], strict=False))
    return down + sum(upload["tokens"] for each in rounds for upload in each["uploads"].values())


RETENTION = Measure("retention, mean over rounds", lambda run: _number(_mean_retention(run)), limits=SHARE)
TOKENS_SENT = Measure("tokens of prompts sent, both ways", lambda run: _number(_tokens_sent(run)))
