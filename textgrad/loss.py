"""Losses: an LLM judges an output, and backward starts from its verdict."""

from typing import overload

from textgrad import prompts
from textgrad.autograd import FormattedLLMCall, LLMCall, Module, OrderedFieldsMultimodalLLMCall
from textgrad.config import validate_engine_or_get_default
from textgrad.engine import EngineLM
from textgrad.tagged import MissingTags, between
from textgrad.variable import Variable, WrongValue

_JUDGE_ROLE = "system prompt of the model that judges"
_VERDICT_ROLE = "verdict of a judge"


@overload
def _constant(value: Variable | str, role: str) -> Variable: ...
@overload
def _constant(value: Variable | str | None, role: str) -> Variable | None: ...
def _constant(value: Variable | str | None, role: str) -> Variable | None:
    """Wrap a text in a variable without gradient; return a Variable or None unchanged."""
    return Variable(value, requires_grad=False, role_description=role) if isinstance(value, str) else value


class TextLoss(Module):
    """An LLM judges one text.

    Args:
        eval_system_prompt: instruction for the judge.
        engine: an engine or its name; default: the backward engine.

    Raises:
        UsageError: no engine is given or set.
    """

    def __init__(self, eval_system_prompt: Variable | str, engine: EngineLM | str | None = None):
        self.engine = validate_engine_or_get_default(engine)
        self.eval_system_prompt = _constant(eval_system_prompt, _JUDGE_ROLE)
        self.llm_call = LLMCall(self.engine, self.eval_system_prompt)

    def forward(self, instance: Variable) -> Variable:
        """Return the verdict on a text."""
        return self.llm_call(instance, _VERDICT_ROLE)


class MultiFieldEvaluation(Module):
    """An LLM judges several texts together, such as question, answer and reference answer.

    Args:
        evaluation_instruction: instruction for the judge.
        role_descriptions: one role per input of `forward`, in order; shown to the judge.
        engine: an engine or its name; default: the backward engine.
        system_prompt: system prompt of the judge; default: the engine's own.

    Raises:
        UsageError: no engine is given or set.
    """

    def __init__(
        self,
        evaluation_instruction: Variable | str,
        role_descriptions: list[str],
        engine: EngineLM | str | None = None,
        system_prompt: Variable | None = None,
    ):
        self.evaluation_instruction = _constant(evaluation_instruction, "instruction for the judge")
        self.role_descriptions = role_descriptions
        self.engine = validate_engine_or_get_default(engine)
        self.system_prompt = _constant(system_prompt, _JUDGE_ROLE)

    def forward(self, inputs: list[Variable]) -> Variable:
        """Return the verdict.

        Args:
            inputs: one text variable per role description.

        Raises:
            UsageError: the number of inputs differs (also an AssertionError).
        """
        return self._judge(inputs)

    def _judge(self, inputs: list[Variable], reminder: str = "") -> Variable:
        if len(inputs) != len(self.role_descriptions):
            raise WrongValue(
                f"{len(inputs)} inputs for {len(self.role_descriptions)} role descriptions: pass one input per role"
            )
        fields = {f"input_{number}": variable for number, variable in enumerate(inputs)}
        fields = {"instruction": self.evaluation_instruction, **fields}
        sections = [f"**{_escaped(role)}**:\n{{input_{number}}}" for number, role in enumerate(self.role_descriptions)]
        call = FormattedLLMCall(
            self.engine,
            "\n\n".join(["{instruction}", *sections]) + _escaped(reminder),
            dict.fromkeys(fields, ""),
            self.system_prompt,
        )
        return call(fields, _VERDICT_ROLE)


def _escaped(text: str) -> str:
    """Double the braces, so that `str.format` prints them."""
    return text.replace("{", "{{").replace("}", "}}")


class MultiFieldTokenParsedEvaluation(MultiFieldEvaluation):
    """A `MultiFieldEvaluation` whose verdict is enclosed in tags.

    Args:
        parse_tags: opening and closing tag; default: <ACCURACY> and </ACCURACY>. The instruction must ask for them.
        Others: see `MultiFieldEvaluation`.
    """

    def __init__(
        self,
        evaluation_instruction: Variable | str,
        role_descriptions: list[str],
        engine: EngineLM | str | None = None,
        system_prompt: Variable | None = None,
        parse_tags: list[str] | None = None,
    ):
        super().__init__(evaluation_instruction, role_descriptions, engine, system_prompt)
        self.parse_tags = parse_tags or ["<ACCURACY>", "</ACCURACY>"]

    def forward(self, inputs: list[Variable]) -> Variable:
        """Return the judge's whole reply; ask once more if the tags are missing."""
        verdict = self._judge(inputs)
        try:
            self.parse_output(verdict)
        except MissingTags:
            verdict = self._judge(inputs, prompts.VERDICT_HINT.format(*self.parse_tags))
        return verdict

    def parse_output(self, response: Variable) -> str:
        """Return the text between the tags, stripped.

        Raises:
            MissingTags: the tags are missing or empty (a BadReply, also an IndexError).
        """
        return between(str(response.value), self.parse_tags, short=True)


class MultiChoiceTestTime(Module):
    """An LLM reviews an answer to a multiple-choice question without knowing the correct one.

    Args:
        evaluation_instruction: instruction for the reviewer.
        engine: an engine or its name; default: the backward engine.
        system_prompt: system prompt of the judge.

    Raises:
        UsageError: no engine is given or set.
    """

    def __init__(
        self, evaluation_instruction: str, engine: EngineLM | str | None = None, system_prompt: Variable | None = None
    ):
        self.engine = validate_engine_or_get_default(engine)
        self.system_prompt = _constant(system_prompt or prompts.MULTIPLE_CHOICE_SYSTEM_PROMPT, _JUDGE_ROLE)
        self.evaluation = MultiFieldEvaluation(
            evaluation_instruction, ["Question", "Answer of the language model"], self.engine, self.system_prompt
        )

    def forward(self, question: str, prediction: Variable) -> Variable:
        """Return the review.

        Args:
            question: the question with its options.
            prediction: the answer.
        """
        return self.evaluation([_constant(question, "multiple-choice question"), prediction])


class ImageQALoss(Module):
    """A multimodal LLM judges the answer to a question about an image.

    Args:
        evaluation_instruction: instruction for the judge.
        engine: an engine or its name; default: the backward engine.
        system_prompt: system prompt of the judge; default: the engine's own.

    Raises:
        UsageError: no engine is given or set, or it takes no images.
    """

    def __init__(
        self, evaluation_instruction: str, engine: EngineLM | str | None = None, system_prompt: Variable | None = None
    ):
        self.evaluation_instruction = _constant(evaluation_instruction, "instruction for the judge")
        self.engine = validate_engine_or_get_default(engine)
        self.system_prompt = _constant(system_prompt, _JUDGE_ROLE)
        self.multimodal_llm_call = OrderedFieldsMultimodalLLMCall(
            self.engine, ["Instruction", "Image", "Question", "Answer"], self.system_prompt
        )

    def forward(self, image: Variable, question: Variable, response: Variable) -> Variable:
        """Return the verdict on `response`, the answer to `question` about `image`."""
        inputs = {"Instruction": self.evaluation_instruction, "Image": image, "Question": question, "Answer": response}
        return self.multimodal_llm_call(inputs, _VERDICT_ROLE)
