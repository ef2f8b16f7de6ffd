"""The tables of one run, each as HTML, empty where there is nothing to tell."""

import shlex
from typing import Any

from utils.config import Config
from utils.report import page
from utils.report.runs import Run


def lost(results: dict) -> str:
    """The instructions that merges lost, and when."""
    rows = [
        (row["round"], row["client"], row["instruction"], row["nearest"] or None, row["overlap"])
        for row in results.get("lost_instructions", [])
    ]
    head = ("round", "client", "instruction", "nearest in the new prompt", "overlap")
    merged = any(each.get("retention") for each in results["rounds"])
    return page.table(head, rows[:200], (0, 1, 4)) or ("<p>None.</p>" if merged else "")


def clients(results: dict) -> str:
    """Per-client fairness: what each client got out of it."""
    rows = [
        (
            number,
            ", ".join(row["tasks"]),
            row["train_questions"],
            page.share(row["batch_accuracy_before"]),
            page.share(row["batch_accuracy_after"]),
            page.share(row["acceptance"]),
            page.share(row["best_prompt_on_own_validation"]),
        )
        for number, row in results["clients"].items()
    ]
    head = (
        "client",
        "tasks",
        "questions",
        "batches before",
        "batches after",
        "steps accepted",
        "best prompt, own validation",
    )
    fairness = results.get("fairness")
    told = (
        ""
        if not fairness
        else (
            f"<p>Worst off: client {fairness['worst_client']} with {page.text(page.share(fairness['worst']))}; "
            f"{fairness['spread']:.2f} between the best and the worst client.</p>"
        )
    )
    return told + page.table(head, rows, (0, 2))


def leaks(results: dict) -> str:
    """What uploads would have revealed, where anything was looked for."""
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
    head = (
        "round",
        "client",
        "guard",
        "level",
        "longest copied run (words)",
        "numbers",
        "names",
        "secrets",
        "of the text",
    )
    if not any(each.get("leaks") for each in results["rounds"]):
        return ""
    return "<h3>What uploads would reveal of private questions</h3>" + (
        page.table(head, rows[:200], (0, 1, 4, 5, 6, 7, 8)) or "<p>Nothing was found.</p>"
    )


def complexity(results: dict) -> str:
    """The measures of every prompt, folded."""
    rows = []
    for each in results.get("complexity", []):
        texts = [(f"upload of client {client}", own) for client, own in each["uploads"].items()]
        texts += [("uploads, concatenated", each["concatenation"])] if "concatenation" in each else []
        texts += [("in play after the round", own) for own in each["prompts"]]
        rows += [
            (
                each["round"],
                name,
                own["tokens"],
                f"{own['entropy']:.2f}",
                f"{own['compression_ratio']:.2f}",
                _two(own.get("mean_tf_idf")),
                _two(own.get("surprisal_mean")),
                _two(own.get("surprisal_max")),
                _two(own.get("surprisal_variance")),
                _two(own.get("perplexity")),
            )
            for name, own in texts
        ]
    head = (
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
    inner = page.table(head, rows[:400], (0, *range(2, 10)))
    return page.folded("a table of every upload, concatenation and global prompt", inner) if inner else ""


def _two(value: float | None) -> str | None:
    return None if value is None else f"{value:.2f}"


def usage(results: dict) -> str:
    """What each role took."""
    rows = [
        (
            role,
            f"{used['calls']:,}",
            f"{used['requests']:,}",
            f"{used['prompt_tokens']:,}",
            f"{used['completion_tokens']:,}",
            f"{used['seconds']:,.0f}",
            None if used.get("dollars") is None else f"{used['dollars']:.4f}",
            flaws(used),
        )
        for role, used in results["usage"].items()
    ]
    head = (
        "role",
        "calls",
        "requests",
        "request tokens",
        "reply tokens",
        "seconds of replies",
        "dollars",
        "bad replies",
    )
    return page.table(head, rows, (1, 2, 3, 4, 5, 6))


def flaws(used: dict) -> str:
    """A role's bad replies in words."""
    return ", ".join(f"{count} {kind}" for kind, count in used["bad_replies"].items()) or "none"


def metrics(results: dict) -> str:
    """Every metric by its name, folded."""
    rows = [(name, page.share(estimate)) for name, estimate in results["metrics"].items()]
    return page.folded("every metric by its name in results.json", page.table(("metric", "value"), rows))


def command(options: dict[str, Any], *more: str) -> list[str]:
    """The command line that has these options, in its parts: those that are not the default, each with its value.

    Args:
        options: of the run.
        more: further parts.
    """
    defaults = vars(Config())
    parts = ["python main.py"]
    for name, value in options.items():
        value = tuple(value) if isinstance(value, list) else value
        if value != defaults.get(name) and name not in ("log_dir", "run_name"):
            values = () if value is True else value if isinstance(value, tuple) else (value,)
            parts.append(shlex.join([f"--{name}", *map(str, values)]))
    return [*parts, *more]


def _unbroken(parts: list[str]) -> str:
    """A command in which a line ends between options only."""
    return f"<pre>{' '.join(f'<span class=word>{page.text(part)}</span>' for part in parts)}</pre>"


def configuration(run: Run) -> str:
    """How to run it again, and with what it was made."""
    made_by = {key: value for key, value in run.config.items() if key not in ("options", "engines", "simulated")}
    rows = [(name, value) for name, value in run.options.items()]
    return (
        f"{_unbroken(command(run.options))}"
        "<p>The same seed and the same replies give the same files. With the run's calls.sqlite in its folder this "
        "makes all of it again without a model:</p>"
        + _unbroken(command(run.options, f"--run_name {shlex.quote(run.name)}", "--replay_only"))
        + page.folded("all options", page.table(("option", "value"), rows))
        + page.folded("made by", page.table(("what", "version"), list(made_by.items())))
    )
