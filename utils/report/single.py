"""The page of one run."""

import shlex
from typing import Any

from ..config import Config
from . import page
from .lineage import lineage
from .runs import Run
from .svg import Series, chart

_TILES = (("0shot_test_engine_test_acc", "initial prompt, test"), ("best_test_acc", "best prompt, test"),
          ("last_test_acc", "last prompt, test"), ("0shot_eval_engine_test_acc", "evaluation engine, initial prompt"))


def single(run: Run) -> str:
    """The page's HTML."""
    results = run.results
    parts = [_header(run), _tiles(results), page.section("Is it better?", *_verdicts(results)),
             page.section("Rounds", '<div class="charts">', *_charts(run), "</div>"),
             page.section("The best prompt", f'<p class="soft">round {results["best_round"]}, chosen on the validation '
                          f'questions alone</p><pre>{page.text(results["prompts"]["best"])}</pre>'),
             page.section("How it came about", lineage(run)),
             page.section("Instructions that aggregation lost", _lost(results)),
             page.section("Clients", _clients(results), _leaks(results)),
             page.section("How dense the prompts are", _complexity(results)),
             page.section("Calls, tokens and cost", _usage(results)),
             page.section("All numbers", _metrics(results)),
             page.section("Configuration and how to run it again", _configuration(run))]
    return page.page(run.name, "\n".join(parts))


def _header(run: Run) -> str:
    options, results = run.options, run.results
    engines = run.config.get("engines", {})
    told = f"{options['module']} on {', '.join(options['task'])}; " + ", ".join(
        f"{role} engine {about['model']}" for role, about in engines.items())
    badges = [f'<span class="badge">{page.text(results["status"])}</span>', f'<span class="badge">seed {options["seed"]}</span>']
    if results["simulated"]:
        badges.append('<span class="badge warn">SIMULATED: says nothing about any real model</span>')
    stopped = f'<p class="note">{page.text(results["stopped"])}</p>' if results["stopped"] else ""
    return f"<header><h1>{page.text(run.name)}</h1><p>{''.join(badges)}</p><p class=soft>{page.text(told)}</p>{stopped}</header>"


def _tiles(results: dict) -> str:
    tiles = []
    for name, title in _TILES:
        estimate = results["metrics"].get(name)
        if estimate and estimate["value"] is not None:
            low, high = estimate["ci95"]
            tiles.append(page.tile(title, f"{estimate['value']:.3f}", f"{low:.2f} to {high:.2f}, n = {estimate['n']}"))
    return f'<div class="tiles">{"".join(tiles)}</div>'


def _verdicts(results: dict) -> list[str]:
    """The first comparison in words, all of them as a table, and what could have been seen at all."""
    found = results.get("comparisons", [])
    parts = [f'<p class="verdict">The {page.text(each["of"])}: {page.text(each["verdict"])}.</p>' for each in found[:1]]
    if detectable := results.get("detectable"):
        gain = detectable["difference"]
        told = f"a true gain below {gain:.2f} would often not show" if gain else "too few to show any gain"
        parts.append(f'<p class="soft">{detectable["n"]} test questions: {told} (80 % power, exact McNemar test).</p>')
    rows = [(each["of"], f"{each['task']}" + (f", client {each['client']}" if "client" in each else ""),
             f"{each['difference']:+.3f}", "[{:+.2f}, {:+.2f}]".format(*each["ci95"]), each["gained"], each["lost"],
             f"{each['p_value']:.3g}", each["verdict"]) for each in found]
    head = ("on the same questions", "task", "difference", "95 % interval", "gained", "lost", "p", "in words")
    return [*parts, page.table(head, rows, (2, 3, 4, 5, 6))] if rows else parts


def _charts(run: Run) -> list[str]:
    rounds = run.results["rounds"]
    steps = [event for event in run.events if event["event"] == "step"]
    return [chart("Accuracy, with 95 % intervals", _accuracy(rounds, steps), top=1.0),
            chart("Share of local steps accepted", [Series("all clients", [
                (each["round"], *_accepted(each)) for each in rounds if each["uploads"]])], top=1.0),
            chart("Tokens of the prompts", [
                Series("global", [(each["round"], each["prompt_tokens"][0]) for each in rounds]),
                Series("uploads", [(each["round"], upload["tokens"]) for each in rounds
                                   for upload in each["uploads"].values()], joined=False)]),
            chart("Retention: what clients added and the merge kept", _retention(rounds), top=1.0),
            chart("Variance of surprisal (bits²)", _surprisal(run.results.get("complexity", []))),
            _usage_chart(run.results["usage"])]


def _accuracy(rounds: list, steps: list) -> list[Series]:
    names = [name for name in (rounds[0]["validation"] if rounds else {}) if name != "mean"]
    shown = (["mean", *names] if 1 < len(names) <= 4 else ["mean"])
    series = [Series(f"validation, global prompt{'' if name == 'mean' else ' on ' + name}",
                     [(each["round"], each["validation"][name]["value"], *each["validation"][name]["ci95"])
                      for each in rounds if each["validation"].get(name, {}).get("value") is not None]) for name in shown]
    before, after = (_pooled(steps, side) for side in ("before", "after"))
    first = rounds[0]["validation"].get("mean") if rounds else None
    if first and first["value"] is not None:
        series.append(Series("validation, initial prompt", [(each["round"], first["value"]) for each in rounds], dashed=True))
    return [*series, Series("clients' batches before", before, joined=False), Series("clients' batches after", after, joined=False)]


def _pooled(steps: list, side: str) -> list[tuple]:
    """Accuracy over all minibatches of each round; after a rejected step the prompt answers as before."""
    sums: dict[int, list[float]] = {}
    for step in steps:
        value = step["after"] if side == "after" and step["accepted"] else step["before"]
        right, n = sums.setdefault(step["round"], [0.0, 0])
        sums[step["round"]] = [right + value * step["n"], n + step["n"]]
    return [(number, right / n) for number, (right, n) in sorted(sums.items())]


def _accepted(each: dict) -> tuple[float, ...]:
    from ..statistics import accuracy

    steps, kept = (sum(upload[key] for upload in each["uploads"].values()) for key in ("steps", "accepted_steps"))
    estimate = accuracy([1] * kept + [0] * (steps - kept))
    return (estimate.value or 0.0, *estimate.ci95)


def _retention(rounds: list) -> list[Series]:
    found = [(each["round"], each["retention"]) for each in rounds if each.get("retention")]
    return [Series("mean over clients", [(number, record["mean"]) for number, record in found if record["mean"] is not None]),
            Series("each client", [(number, own["rate"]) for number, record in found
                                   for own in record["clients"].values() if own["rate"] is not None], joined=False)]


def _surprisal(complexity: list) -> list[Series]:
    key = "surprisal_variance"
    return [Series("global", [(each["round"], each["prompts"][0][key]) for each in complexity if key in each["prompts"][0]]),
            Series("uploads", [(each["round"], own[key]) for each in complexity for own in each["uploads"].values()
                               if key in own], joined=False)]


def _usage_chart(usage: dict) -> str:
    """Calls by role as bars; tokens and cost are in the table."""
    most = max((used["calls"] for used in usage.values()), default=0)
    rows = "".join(f'<text x="0" y="{16 + 44 * place}">{page.text(role)}: {used["calls"]:,} calls, '
                   f'{used["prompt_tokens"] + used["completion_tokens"]:,} tokens</text>'
                   f'<rect x="0" y="{22 + 44 * place}" height="14" rx="3" fill="var(--c{place % 6})" '
                   f'width="{max(2, 430 * used["calls"] / most):.1f}"/>' for place, (role, used) in enumerate(usage.items()))
    return (f'<figure><figcaption>Calls by role</figcaption><svg viewBox="0 0 440 {44 * len(usage) + 4}" role="img" '
            f'aria-label="Calls by role">{rows}</svg></figure>') if most else ""


def _lost(results: dict) -> str:
    rows = [(row["round"], row["client"], row["instruction"], row["nearest"] or None, row["overlap"])
            for row in results.get("lost_instructions", [])]
    head = ("round", "client", "instruction", "nearest in the new prompt", "overlap")
    merged = any(each.get("retention") for each in results["rounds"])
    return page.table(head, rows[:200], (0, 1, 4)) or ("<p>None.</p>" if merged else "")


def _clients(results: dict) -> str:
    rows = [(number, ", ".join(row["tasks"]), row["train_questions"], page.share(row["batch_accuracy_before"]),
             page.share(row["batch_accuracy_after"]), page.share(row["acceptance"]),
             page.share(row["best_prompt_on_own_validation"])) for number, row in results["clients"].items()]
    head = ("client", "tasks", "questions", "batches before", "batches after", "steps accepted",
            "best prompt, own validation")
    fairness = results.get("fairness")
    told = "" if not fairness else (f"<p>Worst off: client {fairness['worst_client']} with {page.text(page.share(fairness['worst']))}; "
                                    f"{fairness['spread']:.2f} between the best and the worst client.</p>")
    return told + page.table(head, rows, (0, 2))


def _leaks(results: dict) -> str:
    rows = [(each["round"], client, leak["guard"], leak["level"], leak["longest_run"], leak["numbers"], leak["names"],
             leak["secrets"], f"{leak['score']:.1%}") for each in results["rounds"]
            for client, leak in each.get("leaks", {}).items() if leak["level"] != "none"]
    head = ("round", "client", "guard", "level", "longest copied run (words)", "numbers", "names", "secrets", "of the text")
    if not any(each.get("leaks") for each in results["rounds"]):
        return ""
    return "<h3>What uploads would reveal of private questions</h3>" + (
        page.table(head, rows[:200], (0, 1, 4, 5, 6, 7, 8)) or "<p>Nothing was found.</p>")


def _complexity(results: dict) -> str:
    rows = []
    for each in results.get("complexity", []):
        texts = [(f"upload of client {client}", own) for client, own in each["uploads"].items()]
        texts += [("uploads, concatenated", each["concatenation"])] if "concatenation" in each else []
        texts += [("in play after the round", own) for own in each["prompts"]]
        rows += [(each["round"], name, own["tokens"], f"{own['entropy']:.2f}", f"{own['compression_ratio']:.2f}",
                  _two(own.get("mean_tf_idf")), _two(own.get("surprisal_mean")), _two(own.get("surprisal_max")),
                  _two(own.get("surprisal_variance")), _two(own.get("perplexity"))) for name, own in texts]
    head = ("round", "prompt", "tokens", "entropy", "compression", "TF-IDF", "surprisal: mean", "max", "variance", "perplexity")
    inner = page.table(head, rows[:400], (0, *range(2, 10)))
    return page.folded("a table of every upload, concatenation and global prompt", inner) if inner else ""


def _two(value: float | None) -> str | None:
    return None if value is None else f"{value:.2f}"


def _usage(results: dict) -> str:
    rows = [(role, f"{used['calls']:,}", f"{used['requests']:,}", f"{used['prompt_tokens']:,}",
             f"{used['completion_tokens']:,}", f"{used['seconds']:,.0f}",
             None if used.get("dollars") is None else f"{used['dollars']:.4f}",
             ", ".join(f"{count} {kind}" for kind, count in used["bad_replies"].items()) or "none")
            for role, used in results["usage"].items()]
    head = ("role", "calls", "requests", "request tokens", "reply tokens", "seconds of replies", "dollars", "bad replies")
    return page.table(head, rows, (1, 2, 3, 4, 5, 6))


def _metrics(results: dict) -> str:
    rows = [(name, page.share(estimate)) for name, estimate in results["metrics"].items()]
    return page.folded("every metric by its name in results.json", page.table(("metric", "value"), rows))


def command(options: dict[str, Any]) -> str:
    """The command line that has these options: those that are not the default."""
    defaults = vars(Config())
    words = ["python", "main.py"]
    for name, value in options.items():
        value = tuple(value) if isinstance(value, list) else value
        if value != defaults.get(name) and name not in ("log_dir", "run_name"):
            words += [f"--{name}"] + ([] if value is True else [str(each) for each in value] if isinstance(value, tuple)
                                      else [str(value)])
    return shlex.join(words)


def _configuration(run: Run) -> str:
    made_by = {key: value for key, value in run.config.items() if key not in ("options", "engines", "simulated")}
    rows = [(name, value) for name, value in run.options.items()]
    return (f"<p>The same seed and the same replies give the same files. With the run's calls.sqlite in the folder, "
            f"<code>--replay_only --run_name {page.text(run.name)}</code> makes all of it again without a model.</p>"
            f"<pre>{page.text(command(run.options))}</pre>"
            + page.folded("all options", page.table(("option", "value"), rows))
            + page.folded("made by", page.table(("what", "version"), list(made_by.items()))))
