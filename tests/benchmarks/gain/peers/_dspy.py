"""DSPy for the drivers: a program whose prompt is one system prompt, so that it can be tested like any other."""

import traceback

import dspy
from _job import job


class Question(dspy.Signature):
    """Answer the question."""

    question: str = dspy.InputField()
    answer: str = dspy.OutputField()


class PlainAdapter(dspy.ChatAdapter):
    """Sends our question with instructions and examples as the system prompt, and everything else as DSPy does."""

    def __init__(self, run):
        super().__init__()
        self.run = run

    def format(self, signature, demos, inputs):
        """Return the messages."""
        if not is_ours(signature):
            return super().format(signature, demos, inputs)
        system = system_prompt(signature.instructions, demos)
        return [
            {"role": "system", "content": system},
            {"role": "user", "content": self.run.query(inputs["question"])},
        ]

    def parse(self, signature, completion):
        """Return the fields of a reply."""
        return {"answer": completion} if is_ours(signature) else super().parse(signature, completion)


def is_ours(signature) -> bool:
    """Return True for the signature of the program, whatever its instructions."""
    return list(signature.input_fields) == ["question"] and list(signature.output_fields) == ["answer"]


def system_prompt(instructions: str, demos) -> str:
    """Return instructions and examples as one prompt."""
    lines = [f"Question: {demo['question']}\nAnswer: {demo['answer']}" for demo in demos]
    return "\n\n".join([instructions, *lines])


def set_up():
    """Return the job, the program and its examples for training and validation, and the metric."""
    run = job()
    model = dspy.LM(
        "openai/model", api_base=run.url, api_key="none", temperature=0.0, max_tokens=2000, cache=False, num_retries=0
    )
    dspy.configure(lm=model, adapter=PlainAdapter(run))
    program = dspy.Predict(Question.with_instructions(run.initial))
    train, val = (
        [dspy.Example(question=question, answer=answer).with_inputs("question") for question, answer in pairs]
        for pairs in (run.train, run.val)
    )

    def metric(example, prediction, trace=None):
        return float(run.score(example.question, prediction.answer, example.answer))

    return run, program, train, val, metric


def finish(run, program, optimize) -> None:
    """Optimize the program and write its prompt: the initial one if a reply or the cap ended DSPy with an error."""
    try:
        prompt, steps = prompt_of(optimize()), {}
    except ImportError:
        raise
    except Exception as error:
        traceback.print_exc()
        prompt, steps = prompt_of(program), {f"ended by {type(error).__name__}": 1}
    run.finish(prompt, prompt, **steps)


def prompt_of(program) -> str:
    """Return the system prompt of a program."""
    (predictor,) = program.predictors()
    return system_prompt(predictor.signature.instructions, predictor.demos)
