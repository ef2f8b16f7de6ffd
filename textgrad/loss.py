"""Losses: a model judges, and criticism starts from its verdict."""

from typing import Union

from textgrad import prompts
from textgrad.autograd import FormattedLLMCall, LLMCall, Module, OrderedFieldsMultimodalLLMCall
from textgrad.config import validate_engine_or_get_default
from textgrad.engine import EngineLM
from textgrad.variable import Variable, WrongValue

_JUDGE_ROLE = "system prompt of the model that judges"
_VERDICT_ROLE = "verdict of a judge"


def _fixed(value: Union[Variable, str, None], role: str) -> Variable | None:
    """A text as a variable that stays as it is; a variable, or None, as it came."""
    return Variable(value, requires_grad=False, role_description=role) if isinstance(value, str) else value


class TextLoss(Module):
    """A model judges one text.

    Args:
        eval_system_prompt: how to judge.
        engine: an engine or its name; the backward engine by default.

    Raises:
        UsageError: there is no engine.
    """

    def __init__(self, eval_system_prompt: Union[Variable, str], engine: Union[EngineLM, str] = None):
        self.engine = validate_engine_or_get_default(engine)
        self.eval_system_prompt = _fixed(eval_system_prompt, _JUDGE_ROLE)
        self.llm_call = LLMCall(self.engine, self.eval_system_prompt)

    def forward(self, instance: Variable) -> Variable:
        """The verdict on a text."""
        return self.llm_call(instance, _VERDICT_ROLE)


class MultiFieldEvaluation(Module):
    """A model judges several texts together, such as a question, an answer and the true answer.

    Args:
        evaluation_instruction: how to judge.
        role_descriptions: what the texts are, in the order of `forward`'s inputs; shown to the judge.
        engine: an engine or its name; the backward engine by default.
        system_prompt: the judge's; its engine's own by default.

    Raises:
        UsageError: there is no engine.
    """

    def __init__(
        self,
        evaluation_instruction: Variable,
        role_descriptions: list[str],
        engine: Union[EngineLM, str] = None,
        system_prompt: Variable = None,
    ):
        self.evaluation_instruction = _fixed(evaluation_instruction, "instruction for the judge")
        self.role_descriptions = role_descriptions
        self.engine = validate_engine_or_get_default(engine)
        self.system_prompt = _fixed(system_prompt, _JUDGE_ROLE)

    def forward(self, inputs: list[Variable]) -> Variable:
        """The verdict.

        Args:
            inputs: one text for every role description.

        Raises:
            UsageError: there are more or fewer (also an AssertionError).
        """
        return self._judge(inputs)

    def _judge(self, inputs: list[Variable], reminder: str = "") -> Variable:
        if len(inputs) != len(self.role_descriptions):
            raise WrongValue(f"{len(inputs)} inputs for {len(self.role_descriptions)} role descriptions")
        fields = {"instruction": self.evaluation_instruction}
        fields |= {f"input_{number}": variable for number, variable in enumerate(inputs)}
        sections = [f"**{_escaped(role)}**:\n{{input_{number}}}" for number, role in enumerate(self.role_descriptions)]
        call = FormattedLLMCall(
            self.engine,
            "\n\n".join(["{instruction}", *sections]) + _escaped(reminder),
            dict.fromkeys(fields),
            self.system_prompt,
        )
        return call(fields, _VERDICT_ROLE)


def _escaped(text: str) -> str:
    """Braces doubled, so that a format string shows them."""
    return text.replace("{", "{{").replace("}", "}}")


class MultiFieldTokenParsedEvaluation(MultiFieldEvaluation):
    """As `MultiFieldEvaluation`, with a verdict that stands between tags.

    Args:
        parse_tags: opening and closing tag; <ACCURACY> and its end by default. The instruction has to ask for them.
        Others: as for `MultiFieldEvaluation`.
    """

    def __init__(
        self,
        evaluation_instruction: Variable,
        role_descriptions: list[str],
        engine: Union[EngineLM, str] = None,
        system_prompt: Variable = None,
        parse_tags: list[str] = None,
    ):
        super().__init__(evaluation_instruction, role_descriptions, engine, system_prompt)
        self.parse_tags = parse_tags or ["<ACCURACY>", "</ACCURACY>"]

    def forward(self, inputs: list[Variable]) -> Variable:
        """The verdict with all that the judge wrote; asked for once more where the tags are missing."""
        verdict = self._judge(inputs)
        try:
            self.parse_output(verdict)
        except prompts.MissingTags:
            verdict = self._judge(inputs, prompts.VERDICT_HINT.format(*self.parse_tags))
        return verdict

    def parse_output(self, response: Variable) -> str:
        """What stands between the tags, stripped.

        Raises:
            MissingTags: nothing does (a BadReply, also an IndexError).
        """
        return prompts.between(response.value, self.parse_tags)


class MultiChoiceTestTime(Module):
    """A model examines an answer to a multiple-choice question without knowing the right one.

    Args:
        evaluation_instruction: how to examine it.
        engine: an engine or its name; the backward engine by default.
        system_prompt: the judge's.

    Raises:
        UsageError: there is no engine.
    """

    def __init__(
        self, evaluation_instruction: str, engine: Union[EngineLM, str] = None, system_prompt: Variable = None
    ):
        self.engine = validate_engine_or_get_default(engine)
        self.system_prompt = _fixed(system_prompt or prompts.MULTIPLE_CHOICE_SYSTEM_PROMPT, _JUDGE_ROLE)
        self.evaluation = MultiFieldEvaluation(
            evaluation_instruction, ["Question", "Answer of the language model"], self.engine, self.system_prompt
        )

    def forward(self, question: str, prediction: Variable) -> Variable:
        """The judge's remarks.

        Args:
            question: with its options.
            prediction: the answer.
        """
        return self.evaluation([_fixed(question, "multiple-choice question"), prediction])


class ImageQALoss(Module):
    """A model that sees images judges the answer to a question about one.

    Args:
        evaluation_instruction: how to judge.
        engine: an engine or its name; the backward engine by default.
        system_prompt: the judge's; its engine's own by default.

    Raises:
        UsageError: there is no engine, or it sees no images.
    """

    def __init__(
        self, evaluation_instruction: str, engine: Union[EngineLM, str] = None, system_prompt: Variable = None
    ):
        self.evaluation_instruction = _fixed(evaluation_instruction, "instruction for the judge")
        self.engine = validate_engine_or_get_default(engine)
        self.system_prompt = _fixed(system_prompt, _JUDGE_ROLE)
        self.multimodal_llm_call = OrderedFieldsMultimodalLLMCall(
            self.engine, ["Instruction", "Image", "Question", "Answer"], self.system_prompt
        )

    def forward(self, image: Variable, question: Variable, response: Variable) -> Variable:
        """The verdict on `response`, the answer to `question` about `image`."""
        inputs = {"Instruction": self.evaluation_instruction, "Image": image, "Question": question, "Answer": response}
        return self.multimodal_llm_call(inputs, _VERDICT_ROLE)
