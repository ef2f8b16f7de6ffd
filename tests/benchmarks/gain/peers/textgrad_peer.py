"""The original TextGrad, as in its tutorial: minibatches of three; a step is reverted if validation falls."""

import random

from _job import BudgetSpent, job

import textgrad as tg
from textgrad.autograd.string_based_ops import StringBasedFunction
from textgrad.engine.base import EngineLM


class Endpoint(EngineLM):
    """The benchmark's endpoint as an engine of TextGrad."""

    model_string = "endpoint"

    def __init__(self, run):
        self.run = run

    def generate(self, prompt, system_prompt=None, **kwargs):
        """Return the reply."""
        system = self.system_prompt if system_prompt is None else system_prompt
        return self.run.complete([{"role": "system", "content": system}, {"role": "user", "content": prompt}])

    def __call__(self, prompt, **kwargs):
        return self.generate(prompt, **kwargs)


def main() -> None:
    """Train until the calls are spent."""
    run = job()
    engine = Endpoint(run)
    tg.set_backward_engine(engine, override=True)
    prompt = tg.Variable(run.initial, requires_grad=True, role_description="system prompt to a language model")
    model = tg.BlackboxLLM(engine, prompt)
    optimizer = tg.TextualGradientDescent(engine=engine, parameters=[prompt])
    best, best_score, steps = run.initial, -1.0, dict.fromkeys(("accepted", "reverted", "unreadable"), 0)

    def validate():
        text = prompt.value
        return sum(run.score(q, run.ask(text, q), a) for q, a in run.val) / len(run.val)

    rng, kept = random.Random(run.seed), run.initial
    try:
        best_score = validate()
        while True:
            optimizer.zero_grad()
            losses = []
            for question, answer in rng.sample(run.train, min(3, len(run.train))):
                losses.append(_loss(run, model, question, answer))
            tg.sum(losses).backward()
            try:
                optimizer.step()
            except IndexError:  # the reply lacks the tags, which ends a run of TextGrad
                steps["unreadable"] += 1
                continue
            score = validate()
            steps["accepted" if score >= best_score else "reverted"] += 1
            if score >= best_score:
                best, best_score, kept = prompt.value, score, prompt.value
            else:
                prompt.set_value(kept)
    except BudgetSpent:
        pass
    run.finish(best, kept, **steps)


def _loss(run, model, question, answer):
    asked = tg.Variable(run.query(question), requires_grad=False, role_description="query to the language model")
    right = tg.Variable(answer, requires_grad=False, role_description="right answer for the query")
    grade = StringBasedFunction(
        lambda prediction, ground_truth_answer: int(run.score(question, prediction.value, ground_truth_answer.value)),
        function_purpose="the runtime of string-based function that checks if the prediction is correct.",
    )
    return grade(
        inputs={"prediction": model(asked), "ground_truth_answer": right}, response_role_description="accuracy"
    )


main()
