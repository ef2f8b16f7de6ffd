"""Textual gradient descent: an LLM rewrites each variable from the feedback on it (TextGrad, section 3.2)."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Self

from textgrad import prompts
from textgrad.autograd.function import sees_images
from textgrad.concurrency import fan_out
from textgrad.config import validate_engine_or_get_default
from textgrad.engine import EngineLM
from textgrad.engine.calls.ask_again import ask_until
from textgrad.errors import BadReply, UsageError
from textgrad.fences import restore_tags
from textgrad.optimizer._base import Optimizer, get_gradient_and_context_text
from textgrad.prompts import OPTIMIZER_SYSTEM_PROMPT
from textgrad.style import current_style
from textgrad.tagged import between
from textgrad.tokens import check_length
from textgrad.trace import purpose
from textgrad.variable import Variable


class TextualGradientDescent(Optimizer):
    """Rewrites each parameter from its gradients.

    A subclass that overrides `propose` may return several rewrites. `step` then takes the first; a federated client
    answers its minibatch under each and takes the best.

    Args:
        parameters: the variables to rewrite.
        verbose: greater than 0 prints each new value.
        engine: the LLM that rewrites, an engine or its name; default: the backward engine.
        constraints: conditions, in natural language, that new values must meet.
        new_variable_tags: opening and closing tag of the new value in a reply; default: <IMPROVED_VARIABLE>.
        optimizer_system_prompt: {new_variable_start_tag} and {new_variable_end_tag} in it are replaced by the tags.
        in_context_examples: examples of good values.
        gradient_memory: number of earlier steps whose feedback is shown too, >= 0.

    Attributes:
        shows_context: True to show the conversation that a piece of feedback is about.
    """

    shows_context = True

    def __init__(
        self,
        parameters: list[Variable],
        verbose: int = 0,
        engine: EngineLM | str | None = None,
        constraints: list[str] | None = None,
        new_variable_tags: list[str] | None = None,
        optimizer_system_prompt: str = OPTIMIZER_SYSTEM_PROMPT,
        in_context_examples: list[str] | None = None,
        gradient_memory: int = 0,
    ):
        super().__init__(parameters)
        self.engine = validate_engine_or_get_default(engine)
        self.verbose, self.gradient_memory = verbose, gradient_memory
        self.constraints, self.in_context_examples = constraints or [], in_context_examples or []
        self.new_variable_tags = new_variable_tags or ["<IMPROVED_VARIABLE>", "</IMPROVED_VARIABLE>"]
        self.optimizer_system_prompt = self._with_tags(optimizer_system_prompt)
        self.gradient_memory_dict: dict[Variable, list[str]] = defaultdict(list)
        self._requested: dict[tuple[Variable, str], object] = {}

    @classmethod
    def from_options(cls, parameters: list[Variable], engine: EngineLM, options: Any) -> Self:
        """Return the optimizer as the options of a run describe it.

        Args:
            parameters: the variables to rewrite.
            engine: the LLM that rewrites.
            options: has one attribute per option, such as `gradient_memory`.
        """
        optimizer = cls(parameters, engine=engine, gradient_memory=options.gradient_memory)
        optimizer.shows_context = options.context == "on"
        return optimizer

    def _with_tags(self, system_prompt: str) -> str:
        start, end = self.new_variable_tags
        return system_prompt.replace("{new_variable_start_tag}", start).replace("{new_variable_end_tag}", end)

    @property
    def constraint_text(self) -> str:
        """The constraints, numbered, one per line."""
        return "\n".join(f"{number}. {constraint}" for number, constraint in enumerate(self.constraints, start=1))

    def get_gradient_memory_text(self, variable: Variable) -> str:
        """Return the feedback of the last `gradient_memory` steps, oldest first; "" if there is none."""
        return "\n\n".join(self.gradient_memory_dict[variable][-self.gradient_memory :] if self.gradient_memory else [])

    def update_gradient_memory(self, variable: Variable) -> None:
        """Keep the present feedback for later steps."""
        self.gradient_memory_dict[variable].append(variable.get_gradient_text())

    def step(self) -> None:
        """Rewrite all parameters, concurrently; either all of them change or none.

        Raises:
            BadReply: a parameter has no feedback, in which case nothing is requested for it; or two replies in a row
                were unusable (`MissingTags`, also an IndexError, if the tags are missing).
        """
        for parameter, (value, *_) in zip(self.parameters, self.proposals()):
            parameter.set_value(value)
            if self.verbose:
                print(f"--- new value of {parameter.role_description}:\n{value}")

    def proposals(self) -> list[list[str]]:
        """Return the distinct rewrites of each parameter, at least one each, and keep the feedback for later steps.

        The parameters do not change.

        Raises:
            BadReply: as for `step`; then no feedback is kept.
        """
        self._requested.clear()
        with purpose("optimizer"):
            proposals = [list(dict.fromkeys(rewrites)) for rewrites in fan_out(self.propose, self.parameters)]
        if not all(proposals):
            raise BadReply(f"the optimizer {type(self).__name__} proposed no rewrite", kind="no rewrite")
        for parameter in self.parameters:
            self._remember(parameter)
        return proposals

    def propose(self, variable: Variable) -> list[str]:
        """Return one or several rewrites of a variable; the extension point of subclasses."""
        return [self.rewrite(variable)]

    def rewrites(self, variable: Variable, count: int) -> list[str]:
        """Request several rewrites concurrently and return the usable ones.

        Each request after the first has its number in it. Otherwise an engine at temperature 0 would reply the same
        to all of them, and the call log would not even send them.

        Raises:
            BadReply: no reply was usable.
        """
        hints = ["", *(prompts.REWRITE_NUMBER.format(number, count) for number in range(2, count + 1))]

        def attempt(hint: str) -> str | BadReply:
            try:
                return self.rewrite(variable, hint)
            except BadReply as error:
                return error

        replies = fan_out(attempt, hints)
        usable = [reply for reply in replies if isinstance(reply, str)]
        if not usable:
            raise next(reply for reply in replies if isinstance(reply, BadReply))
        return usable

    def rewrite(self, variable: Variable, hint: str = "") -> str:
        """Request one rewrite and return it.

        Args:
            variable: has gradients.
            hint: appended to the request. Rewrites of the same step need different hints.

        Raises:
            BadReply: there is no feedback, or two replies in a row were unusable.
            UsageError: the same rewrite was already requested in this step.
        """
        request = object()
        if self._requested.setdefault((variable, hint), request) is not request:
            raise UsageError(
                f"the optimizer {type(self).__name__} requests the same rewrite twice in one step, and would get the "
                "same cached reply: use rewrites(variable, count), or give each rewrite another hint"
            )
        style = current_style()
        content, system_prompt = self._request(variable, hint, style.short)
        return ask_until(
            self.engine,
            content,
            self._read_rewrite,
            system_prompt=system_prompt,
            hint=prompts.REWRITE_HINT.format(*self.new_variable_tags),
            within=self.new_variable_tags,
            again=self._request(variable, hint, style.short_again),
        )

    def _read_rewrite(self, reply: str) -> str:
        """Return the new value in a reply.

        Raises:
            BadReply: there is none, or it is not usable.
        """
        return self.check(check_length(restore_tags(between(reply, self.new_variable_tags)), self.token_budget))

    def _request(self, variable: Variable, hint: str, short: bool) -> tuple[str | list[str | bytes], str]:
        """Return content and system prompt of the request for a variable's new value."""
        short_prompt = self._with_tags(prompts.SHORT_OPTIMIZER_SYSTEM_PROMPT)
        return self._update_prompt(variable, hint, short), short_prompt if short else self.optimizer_system_prompt

    def _update_prompt(self, variable: Variable, hint: str = "", short: bool = False) -> str | list[str | bytes]:
        """Return the request for a variable's new value."""
        feedback = get_gradient_and_context_text(variable, self.shows_context and not short)
        if not feedback:
            raise BadReply(
                f"no criticism of {variable.role_description!r} to work from: either backward() was not "
                "called, or every reply of the engine was empty or repeated its request",
                kind="no feedback",
            )
        parts = prompts.rewrite_request(
            variable.role_description,
            str(variable.value),
            feedback,
            self.new_variable_tags,
            constraints=self.constraint_text,
            examples=self.in_context_examples,
            past=self._past(variable),
            past_feedback=self.get_gradient_memory_text(variable),
            short=short,
        )
        return prompts.request([*parts, *([f"\n{hint}"] if hint else [])], sees_images(self.engine))

    def _past(self, variable: Variable) -> Sequence[tuple[str, str]]:
        """Return earlier values with their feedback, oldest first; a subclass may show some."""
        return []

    def _remember(self, parameter: Variable) -> None:
        """Called once per step, after the rewrites have arrived and before the parameter changes."""
        self.update_gradient_memory(parameter)


OPTIMIZER = TextualGradientDescent
