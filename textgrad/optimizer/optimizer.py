"""Textual gradient descent: a model rewrites each variable from the criticism it received (TextGrad, section 3.2)."""

from abc import ABC, abstractmethod
from collections import defaultdict
from typing import Union

from textgrad import prompts
from textgrad.autograd.function import sees_images
from textgrad.concurrency import fan_out
from textgrad.config import validate_engine_or_get_default
from textgrad.engine import EngineLM
from textgrad.engine.calls.ask_again import ask_until
from textgrad.errors import BadReply, UsageError
from textgrad.prompts import OPTIMIZER_SYSTEM_PROMPT, between, restore_tags
from textgrad.variable import Variable


def get_gradient_and_context_text(variable: Variable) -> list[str | bytes]:
    """All criticism of a variable, each piece after the conversation it is about: texts and images, in order."""
    return [
        part
        for gradient in variable.gradients
        if gradient.value.strip()
        for part in prompts.feedback_with_context(gradient.value, _context(variable, gradient))
    ]


def _context(variable: Variable, gradient: Variable) -> list[str | bytes] | None:
    context = (variable.gradients_context.get(gradient) or {}).get("context")
    return [context] if isinstance(context, str) else context


class Optimizer(ABC):
    """Changes parameters.

    Args:
        parameters: variables that hold text.

    Raises:
        UsageError: a parameter is no variable, or holds an image.
    """

    def __init__(self, parameters: list[Variable]):
        for parameter in parameters:
            if not isinstance(parameter, Variable) or not isinstance(parameter.value, str):
                held = getattr(parameter, "value", parameter)
                raise UsageError(f"a parameter must be a Variable that holds text, not {type(held).__name__}")
        self.parameters = list(parameters)

    def zero_grad(self) -> None:
        """Forgets all criticism of the parameters, and its context."""
        for parameter in self.parameters:
            parameter.reset_gradients()

    @abstractmethod
    def step(self) -> None:
        """Changes the parameters once."""


class TextualGradientDescent(Optimizer):
    """Has each parameter rewritten from its criticism.

    Args:
        parameters: what to rewrite.
        verbose: greater than 0 prints every new value.
        engine: who rewrites, an engine or its name; the backward engine by default.
        constraints: conditions in plain words that new values must meet.
        new_variable_tags: the two tags between which the model is to write; <IMPROVED_VARIABLE> and its end by default.
        optimizer_system_prompt: {new_variable_start_tag} and {new_variable_end_tag} in it stand for the tags.
        in_context_examples: texts that show what a good value is like.
        gradient_memory: how many earlier steps' criticism is shown too, >= 0.
    """

    def __init__(
        self,
        parameters: list[Variable],
        verbose: int = 0,
        engine: Union[EngineLM, str] = None,
        constraints: list[str] = None,
        new_variable_tags: list[str] = None,
        optimizer_system_prompt: str = OPTIMIZER_SYSTEM_PROMPT,
        in_context_examples: list[str] = None,
        gradient_memory: int = 0,
    ):
        super().__init__(parameters)
        self.engine = validate_engine_or_get_default(engine)
        self.verbose, self.gradient_memory = verbose, gradient_memory
        self.constraints, self.in_context_examples = constraints or [], in_context_examples or []
        self.new_variable_tags = new_variable_tags or ["<IMPROVED_VARIABLE>", "</IMPROVED_VARIABLE>"]
        start, end = self.new_variable_tags
        self.optimizer_system_prompt = optimizer_system_prompt.replace("{new_variable_start_tag}", start).replace(
            "{new_variable_end_tag}", end
        )
        self.gradient_memory_dict: dict[Variable, list[str]] = defaultdict(list)

    @property
    def constraint_text(self) -> str:
        """The constraints, numbered, one a line."""
        return "\n".join(f"{number}. {constraint}" for number, constraint in enumerate(self.constraints, start=1))

    def get_gradient_memory_text(self, variable: Variable) -> str:
        """Criticism of the last `gradient_memory` steps, oldest first; "" where there is none."""
        return "\n\n".join(self.gradient_memory_dict[variable][-self.gradient_memory :] if self.gradient_memory else [])

    def update_gradient_memory(self, variable: Variable) -> None:
        """Remembers the present criticism for later steps."""
        self.gradient_memory_dict[variable].append(variable.get_gradient_text())

    def _past(self, variable: Variable) -> list[tuple[str, str]]:
        """Earlier values with their criticism, to be shown: none here."""
        return []

    def _update_prompt(self, variable: Variable) -> str | list[str | bytes]:
        """The request for a variable's next value."""
        feedback = get_gradient_and_context_text(variable)
        if not feedback:
            raise BadReply(
                f"no criticism of {variable.role_description!r} to work from: either backward() was not "
                "called, or every reply of the engine was empty"
            )
        parts = prompts.rewrite_request(
            variable.role_description,
            variable.value,
            feedback,
            self.new_variable_tags,
            constraints=self.constraint_text,
            examples=self.in_context_examples,
            past=self._past(variable),
            past_feedback=self.get_gradient_memory_text(variable),
        )
        return prompts.request(parts, sees_images(self.engine))

    def _next_value(self, variable: Variable) -> str:
        return ask_until(
            self.engine,
            self._update_prompt(variable),
            lambda reply: restore_tags(between(reply, self.new_variable_tags)),
            system_prompt=self.optimizer_system_prompt,
            hint=prompts.REWRITE_HINT.format(*self.new_variable_tags),
            within=self.new_variable_tags,
        )

    def step(self) -> None:
        """Rewrites all parameters, at the same time; either all of them change or none.

        Raises:
            BadReply: a parameter received no criticism, in which case nothing is asked for it; or two replies in a
                row could not be used (`MissingTags`, also an IndexError, where the tags are missing).
        """
        for parameter, value in zip(self.parameters, fan_out(self._next_value, self.parameters)):
            self._remember(parameter)
            parameter.set_value(value)
            if self.verbose:
                print(f"--- next value of {parameter.role_description}:\n{value}")

    def _remember(self, parameter: Variable) -> None:
        """Called before a parameter changes."""
        self.update_gradient_memory(parameter)


class TextualGradientDescentwithMomentum(TextualGradientDescent):
    """Also shows the model what each parameter was at earlier steps, and how it was criticized then.

    Args:
        momentum_window: how many earlier steps are shown, >= 0.
        Others: as for `TextualGradientDescent`.
    """

    def __init__(
        self,
        engine: Union[str, EngineLM],
        parameters: list[Variable],
        momentum_window: int = 0,
        constraints: list[str] = None,
        new_variable_tags: list[str] = None,
        in_context_examples: list[str] = None,
        optimizer_system_prompt: str = OPTIMIZER_SYSTEM_PROMPT,
    ):
        super().__init__(
            parameters,
            engine=engine,
            constraints=constraints,
            new_variable_tags=new_variable_tags,
            optimizer_system_prompt=optimizer_system_prompt,
            in_context_examples=in_context_examples,
        )
        self.momentum_window = momentum_window
        self.momentum_storage: dict[Variable, list[tuple[str, str]]] = defaultdict(list)

    def _past(self, variable: Variable) -> list[tuple[str, str]]:
        return self.momentum_storage[variable][-self.momentum_window :] if self.momentum_window else []

    def _remember(self, parameter: Variable) -> None:
        self.momentum_storage[parameter].append((parameter.value, parameter.get_gradient_text()))
