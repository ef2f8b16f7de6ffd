"""GEPA with its default adapter; its task model and its reflection model are the endpoint."""

import gepa
from _job import job
from gepa.adapters.default_adapter.default_adapter import EvaluationResult


def main() -> None:
    """Run GEPA until the calls are spent. GEPA reports its best candidate on the validation questions."""
    run = job()

    def evaluate(data, response):
        right = run.score(data["input"], response, data["answer"])
        feedback = "The answer is right." if right else f"The answer is wrong. The right answer is {data['answer']}."
        return EvaluationResult(score=float(right), feedback=feedback)

    def answer(messages):
        return run.ask(messages[0]["content"], messages[1]["content"])

    def reflect(prompt):
        messages = prompt if isinstance(prompt, list) else [{"role": "user", "content": prompt}]
        return run.complete(messages)

    def examples(pairs):
        return [{"input": question, "additional_context": {}, "answer": right} for question, right in pairs]

    result = gepa.optimize(
        seed_candidate={"system_prompt": run.initial},
        trainset=examples(run.train),
        valset=examples(run.val),
        task_lm=answer,
        evaluator=evaluate,
        reflection_lm=reflect,
        max_metric_calls=20 * run.calls,  # the endpoint mostly stops it earlier; repeated requests are free
        stop_callbacks=lambda state: run.spent,
        raise_on_exception=False,
        seed=run.seed,
    )
    run.finish(result.best_candidate["system_prompt"], result.candidates[-1]["system_prompt"])


main()
