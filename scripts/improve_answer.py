"""Improve single answers instead of a prompt (TextGrad, section 3.2).

.venv/bin/python -m scripts.improve_answer --engine gpt-4o --task MMLU_machine_learning --questions 20 --steps 3

For each question, an engine answers, reviews its own answer without knowing the right one, and rewrites the answer from
that review. Prints the share of right answers before the first and after each step.
"""

import argparse

import textgrad as tg
from textgrad.concurrency import fan_out
from textgrad.engine import get_engine
from textgrad.errors import BadReply, StopRun
from textgrad.tasks import load_instance_task
from textgrad.tasks.multiple_choice import ANSWER_FORMAT


def main() -> int:
    """Run the example and return the exit status."""
    parser = argparse.ArgumentParser(description="Improve answers to multiple-choice questions one by one.")
    parser.add_argument("--engine", default="gpt-4o", help="answers, reviews and rewrites (default: %(default)s)")
    parser.add_argument("--task", default="MMLU_machine_learning", help="MMLU_<subject> or GPQA_<subset>")
    parser.add_argument("--data_dir", help="folder with a copy of the data set; see textgrad/tasks/README.md")
    parser.add_argument("--questions", type=int, default=20, help="number of questions (default: %(default)s)")
    parser.add_argument("--steps", type=int, default=3, help="rewrites per answer (default: %(default)s)")
    options = parser.parse_args()
    try:
        engine = get_engine(options.engine)
        questions = load_instance_task(options.task, engine, root=options.data_dir, max_samples=options.questions)
        histories = fan_out(lambda question: improve(question, engine, options.steps), list(questions))
    except StopRun as error:
        print(f"error: {error}")
        return 2
    for step in range(options.steps + 1):
        right = sum(scores[step] for scores in histories)
        print(f"after {step} steps: {right:.0f} of {len(histories)} answers are right")
    return 0


def improve(question, engine, steps: int) -> list[float]:
    """Return the score of the first answer and of the answer after each step."""
    request, _, review, score = question
    answer = tg.Variable(str(engine(request)), role_description="answer to a multiple-choice question")
    optimizer = tg.TGD([answer], engine=engine, constraints=[ANSWER_FORMAT])
    scores = [score(answer)]
    for _ in range(steps):
        optimizer.zero_grad()
        try:
            review(answer).backward(engine)
            optimizer.step()
        except BadReply as error:  # the answer stays
            print(f"a step failed: {error}")
        scores.append(score(answer))
    return scores


if __name__ == "__main__":
    raise SystemExit(main())
