"""The results of each client, and the spread between clients."""

from collections import defaultdict
from typing import Any

from utils.federation.evaluation import answered_accuracy
from utils.federation.personal import PERSONAL, PERSONAL_VALIDATION
from utils.federation.result import Result, Scores
from utils.federation.setup import Federation
from utils.federation.update import Step
from utils.metrics.clients import all_test, own_test, own_test_of
from utils.metrics.fairness import fairness_record
from utils.metrics.finished_run import FinishedRun
from utils.metrics.statistics import Estimate, accuracy, share_of, total_of


def client_results(federation: Federation, result: Result) -> dict[str, Any]:
    """Return, per client, accuracy on its minibatches, acceptance, and the best prompt's accuracy on its questions.

    With --personal_layer, also the last prompt's accuracy, without and with the client's own section.
    """
    table: dict[str, Any] = {}
    steps_of: dict[int, list[Step]] = defaultdict(list)
    for update in (update for each in result.rounds for update in each.updates):
        steps_of[update.client] += update.steps
    run = FinishedRun(federation, result)
    tests = {"best_prompt_on_own_test": own_test(run), "best_prompt_on_all_test": all_test(run)}
    validations = {"best_prompt_on_own_validation": result.rounds[result.best].validation}
    if {"last", PERSONAL, PERSONAL_VALIDATION} <= result.tests.keys():
        tests["last_prompt_on_own_test"] = own_test_of(run, result.tests["last"])
        tests["personal_prompt_on_own_test"] = own_test_of(run, result.tests[PERSONAL])
        validations["last_prompt_on_own_validation"] = result.rounds[-1].validation
        validations["personal_prompt_on_own_validation"] = result.tests[PERSONAL_VALIDATION]
    for client in federation.clients:
        steps = steps_of[client.number]
        table[str(client.number)] = {
            "tasks": sorted({sample.task.name for sample in client.samples}),
            "train_questions": len(client.samples),
            "rounds_asked": sum(client.number in each.sampled for each in result.rounds),
            "rounds_dropped": sum(client.number in each.dropped for each in result.rounds),
            "batch_accuracy_before": _pooled((step.before, step.n) for step in steps),
            "batch_accuracy_after": _pooled((step.after if step.accepted else step.before, step.n) for step in steps),
            "acceptance": accuracy([int(step.accepted) for step in steps if step.decided]).as_json(),
            **{name: _own_validation(federation, scores, client.number) for name, scores in validations.items()},
            **{name: values[client.number].as_json() for name, values in tests.items() if client.number in values},
        }
    return table


def _pooled(shares) -> dict[str, Any]:
    """Return the accuracy over all minibatches, from the accuracy and size of each."""
    total, n = total_of(shares)
    return share_of(total / max(1, n), n).as_json()


def _own_validation(federation: Federation, validation: Scores, client: int) -> dict[str, Any]:
    correct: list[float | None] = []
    for task, positions in federation.shards[client].items() if validation else ():
        scores = validation[task]
        own = scores[client if len(scores) > 1 else 0].correct
        correct += [own[position] for position in positions]
    return answered_accuracy(correct).as_json()


def fairness_of(clients: dict[str, Any]) -> dict[str, Any] | None:
    """Return worst client, spread and means over clients of the best prompt on each client's validation questions.

    "own_test" and "all_test" hold the same for the test questions of its own and of all tasks, if they were measured.
    """
    validation = _fairness(clients, "best_prompt_on_own_validation")
    tests = {name: _fairness(clients, f"best_prompt_on_{name}") for name in ("own_test", "all_test")}
    return validation and validation | {name: record for name, record in tests.items() if record}


def _fairness(clients: dict[str, Any], key: str) -> dict[str, Any] | None:
    values = {int(client): Estimate.from_json(row[key]) for client, row in clients.items() if key in row}
    return fairness_record(values, {int(client): row["train_questions"] for client, row in clients.items()})
