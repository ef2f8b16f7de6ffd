"""The tables of a run's page, as data."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from utils.config import Config
from utils.metrics.table import label_of
from utils.options import command_words
from utils.protocols import values_of
from utils.report.formats import estimate_text, formatted, interval_text
from utils.report.runs import Run
from utils.run_log.comparisons import all_comparisons, whose

_MAX_ROWS = 200
_MAX_PROMPTS = 400


@dataclass(frozen=True)
class Table:
    """A table.

    Attributes:
        header: column titles.
        rows: cells; None is shown as a dash.
        number_columns: indices of right-aligned columns.
    """

    header: Sequence[str]
    rows: Sequence[Sequence[Any]]
    number_columns: Sequence[int] = ()


@dataclass(frozen=True)
class TitledTable:
    """A table with a title."""

    title: str
    table: Table


def comparisons(results: dict[str, Any]) -> Table:
    """Return the paired tests of best and initial prompt."""
    rows = [
        (
            each["of"],
            ", ".join(filter(None, (each["task"], whose(each)))),
            f"{each['difference']:+.3f}",
            interval_text(each["ci95"], "+"),
            each["gained"],
            each["lost"],
            f"{each['p_value']:.3g}",
            each["verdict"],
        )
        for each in all_comparisons(results)
    ]
    header = ("on the same questions", "task", "difference", "95 % interval", "gained", "lost", "p", "verdict")
    return Table(header, rows, (2, 3, 4, 5, 6))


def lost_instructions(results: dict[str, Any]) -> Table:
    """Return the instructions that merges lost."""
    rows = [
        (row["round"], row["client"], row["instruction"], row["nearest"] or None, row["overlap"])
        for row in results.get("lost_instructions", [])
    ]
    header = ("round", "client", "instruction", "most similar in the new prompt", "overlap")
    return Table(header, rows[:_MAX_ROWS], (0, 1, 4))


def clients(results: dict[str, Any]) -> Table:
    """Return each client's data and accuracies."""
    rows = [
        (
            number,
            ", ".join(row["tasks"]),
            row["train_questions"],
            estimate_text(row["batch_accuracy_before"]),
            estimate_text(row["batch_accuracy_after"]),
            estimate_text(row["acceptance"]),
            estimate_text(row["best_prompt_on_own_validation"]),
            *(estimate_text(row[key]) for key in _CLIENT_TESTS if key in row),
        )
        for number, row in results["clients"].items()
    ]
    header = (
        "client",
        "tasks",
        "questions",
        "minibatches before",
        "minibatches after",
        "steps accepted",
        "best prompt, own validation",
        *(label for key, label in _CLIENT_TESTS.items() if any(key in row for row in results["clients"].values())),
    )
    return Table(header, rows, (0, 2))


_CLIENT_TESTS = {
    "best_prompt_on_own_test": "best prompt, own tasks, test",
    "best_prompt_on_all_test": "best prompt, all tasks, test",
    "last_prompt_on_own_validation": "last prompt, own validation",
    "personal_prompt_on_own_validation": "with own section",
    "last_prompt_on_own_test": "last prompt, own tasks, test",
    "personal_prompt_on_own_test": "with own section",
}


def leaks(results: dict[str, Any]) -> Table:
    """Return the private text found in uploads, as counts."""
    rows = [
        (
            each["round"],
            client,
            leak["guard"],
            leak["level"],
            leak["longest_run"],
            leak["numbers"],
            leak["names"],
            leak["secrets"],
            f"{leak['score']:.1%}",
        )
        for each in results["rounds"]
        for client, leak in each.get("leaks", {}).items()
        if leak["level"] != "none"
    ]
    header = (
        "round",
        "client",
        "guard",
        "level",
        "longest copied run (words)",
        "numbers",
        "names",
        "secrets",
        "share of the text",
    )
    return Table(header, rows[:_MAX_ROWS], (0, 1, 4, 5, 6, 7, 8))


def complexity(results: dict[str, Any]) -> Table:
    """Return the measures of all uploads, concatenations and global prompts."""
    rows = []
    for each in results.get("complexity", []):
        texts = [(f"upload of client {client}", upload) for client, upload in each["uploads"].items()]
        texts += [("uploads, concatenated", each["concatenation"])] if "concatenation" in each else []
        texts += [("prompt after the round", prompt) for prompt in each["prompts"]]
        rows += [
            (
                each["round"],
                name,
                measures["tokens"],
                formatted(measures["entropy"]),
                formatted(measures["compression_ratio"]),
                *(formatted(measures.get(key)) for key in _OPTIONAL_MEASURES),
            )
            for name, measures in texts
        ]
    header = (
        "round",
        "prompt",
        "tokens",
        "entropy",
        "compression",
        "TF-IDF",
        "surprisal: mean",
        "max",
        "variance",
        "perplexity",
    )
    return Table(header, rows[:_MAX_PROMPTS], (0, *range(2, 10)))


_OPTIONAL_MEASURES = ("mean_tf_idf", "surprisal_mean", "surprisal_max", "surprisal_variance", "perplexity")


def usage(results: dict[str, Any]) -> Table:
    """Return calls, tokens and cost by role."""
    rows = [
        (
            role,
            f"{used['requests']:,}",
            f"{used['requests'] - used['calls']:,}",
            f"{used['prompt_tokens']:,}",
            f"{used['completion_tokens']:,}",
            f"{used['seconds']:,.0f}",
            formatted(used.get("dollars"), ".4f"),
            ", ".join(f"{count} {kind}" for kind, count in used["bad_replies"].items()) or "none",
        )
        for role, used in results["usage"].items()
    ]
    header = (
        "role",
        "calls",
        "from cache",
        "request tokens",
        "reply tokens",
        "seconds of replies",
        "dollars",
        "bad replies",
    )
    return Table(header, rows, (1, 2, 3, 4, 5, 6))


def metrics(results: dict[str, Any]) -> Table:
    """Return all metrics."""
    rows = [(label_of(name), name, estimate_text(estimate)) for name, estimate in results["metrics"].items()]
    return Table(("metric", "in results.json", "value"), rows)


def options(run: Run) -> Table:
    """Return all options of a run."""
    return Table(("option", "value"), list(run.options.items()))


def versions(run: Run) -> Table:
    """Return the commit and the versions of Python and libraries."""
    rows = [item for item in run.config.items() if item[0] not in ("options", "engines", "simulated")]
    return Table(("component", "version"), rows)


def command(options: dict[str, Any], *extra: str) -> list[str]:
    """Return the command line for these options, in parts that a page does not break.

    Args:
        options: of the run; values that its protocol sets, and other defaults, are left out.
        extra: further words, each option followed by its values.
    """
    defaults = vars(Config(**values_of(options.get("protocol", Config.protocol))))
    parts = [".venv/bin/python main.py"]
    for name, value in options.items():
        value = tuple(value) if isinstance(value, list) else value
        if name in defaults and value != defaults[name] and name not in ("log_dir", "run_name"):
            parts.append(shlex.join(command_words(name, value)))
    for word in extra:
        if word.startswith("--"):
            parts.append(word)
        else:
            parts[-1] += f" {shlex.quote(word)}"
    return parts
