"""Many run folders without running anything: an old run's files under other names, options and numbers."""

import json
import random
from pathlib import Path

OLD_RUN = Path(__file__).parent / "utils" / "report" / "old_run"
TASKS = (["BBH_object_counting"], ["GSM8K_DSPy"], ["BBH_object_counting", "RULES_emails", "livebench_reasoning"])
ENGINES = (("gpt-4o-mini", "gpt-4o"), ("ollama-llama3.1:8b-instruct-q4_K_M", "gpt-4o"), ("local-smollm2",) * 2)
MODULES = ("train_centralized", "train_homo_fed", "train_hetero_fed")
AGGREGATORS = ("union", "summarization", "sum_uid", "concat", "uid_select")


def write_run(folder: Path, results: dict | None = None, **options) -> Path:
    """Write a run folder with config.json and results.json.

    Args:
        folder: created; without "results.json" if `results` is None.
        results: replace keys of the old run's results.
        **options: replace options of the old run.
    """
    folder.mkdir(parents=True)
    config = json.loads((OLD_RUN / "config.json").read_text())
    config["options"] |= {"run_name": folder.name, **options}
    (folder / "config.json").write_text(json.dumps(config))
    if results is not None:
        stored = json.loads((OLD_RUN / "results.json").read_text()) | results
        (folder / "results.json").write_text(json.dumps(stored))
    return folder


def write_runs(logs: Path, count: int) -> None:
    """Write run folders with an empty report each; every seventh run is interrupted."""
    rng = random.Random(0)
    for number in range(count):
        module, tasks, (test, evaluation) = rng.choice(MODULES), rng.choice(TASKS), rng.choice(ENGINES)
        tasks = tasks if module == "train_hetero_fed" else tasks[:1]
        date = f"2026-{1 + number // 28:02}-{1 + number % 28:02}"
        name = f"{date.replace('-', '')}-{rng.randrange(240000):06}_{module}_{'+'.join(tasks)}_seed{42 + number % 5}"
        best, gain = rng.randrange(40, 160) / 160, rng.randrange(-20, 40) / 160
        results = {
            "date": f"{date}T{rng.randrange(24):02}:05:00Z",
            "metrics": {"best_test_acc": {"value": best, "n": 160, "ci95": [best - 0.07, best + 0.07]}},
            "comparisons": [
                {
                    "of": "best prompt against initial prompt",
                    "task": "all tasks",
                    "difference": gain,
                    "ci95": [gain - 0.06, gain + 0.06],
                    "p_value": rng.random() ** 4,
                    "verdict": "not distinguishable from noise",
                }
            ],
            "usage": {"test": {"calls": rng.randrange(20_000), "dollars": rng.choice([None, rng.random() * 10])}},
        }
        folder = write_run(
            logs / name,
            results if number % 7 else None,
            module=module,
            task=tasks,
            test_engine=test,
            evaluation_engine=evaluation,
            aggregate_method=rng.choice(AGGREGATORS),
            seed=42 + number % 5,
            batch_size=rng.choice([3, 10]),
        )
        (folder / "report.html").write_text("<!doctype html>")
