"""The facts at the top of a run's page."""

import datetime

from utils.report.runs import Run
from utils.run_log.summary import usage_text


def facts(run: Run) -> list[tuple[str, str]]:
    """Return labels and values: what was run, how large, with which engines, at what cost."""
    options, results = run.options, run.results
    centralized = options["module"] == "train_centralized"
    engines = {role: engine["model"] for role, engine in run.config.get("engines", {}).items()}
    test, evaluation = engines.pop("test", ""), engines.pop("evaluation", "")
    found = [
        ("module", options["module"]),
        ("tasks", run.tasks),
        ("aggregator", "" if centralized else options.get("aggregate_method", "")),
        ("optimizer", options.get("optimizer", "")),
        ("clients", "1" if centralized else str(len(run.partition.get("clients", {})) or "")),
        ("rounds", f"{len(results['rounds']) - 1} of {options.get('max_epochs', '?')}"),
        ("local steps (E)", str(options.get("max_steps", ""))),
        ("minibatch (B)", str(options.get("batch_size", ""))),
        ("test engine", test),
        ("evaluation engine", evaluation if evaluation != test else "the same"),
        *((role.replace("_", " "), model) for role, model in engines.items()),
        ("protocol", results.get("protocol", "")),
        ("seed", str(options.get("seed", ""))),
        ("cost", usage_text(results["usage"].values())),
        ("time", str(datetime.timedelta(seconds=round(results["seconds"]))) if "seconds" in results else ""),
        ("status", results["status"]),
    ]
    return [(label, value) for label, value in found if value]
