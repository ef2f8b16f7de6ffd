"""The optimizer's request under TextGrad's import path; a folder, since every file of `optimizer/` is an optimizer."""

from textgrad import prompts
from textgrad.fences import fence
from textgrad.prompts import OPTIMIZER_SYSTEM_PROMPT

__all__ = ["OPTIMIZER_SYSTEM_PROMPT", "construct_tgd_prompt"]


def construct_tgd_prompt(
    do_momentum: bool = False, do_constrained: bool = False, do_in_context_examples: bool = False, **optimizer_kwargs
) -> str | list[str | bytes]:
    """Return the request for a variable's new value.

    Args:
        do_momentum: include `past_values`.
        do_constrained: include `constraint_text`.
        do_in_context_examples: include `in_context_examples`.
        **optimizer_kwargs: the texts just named, and `variable_desc`: role of the variable; `variable_short`: its
            value; `variable_grad`: its feedback, a text or the result of `get_gradient_and_context_text`;
            `new_variable_start_tag`, `new_variable_end_tag`.
    """
    given = optimizer_kwargs
    gradient = given["variable_grad"]
    parts = prompts.rewrite_request(
        given["variable_desc"],
        given["variable_short"],
        fence("FEEDBACK", gradient) if isinstance(gradient, str) else gradient,
        (given["new_variable_start_tag"], given["new_variable_end_tag"]),
        constraints=given["constraint_text"] if do_constrained else "",
        examples=[given["in_context_examples"]] if do_in_context_examples else (),
        past_feedback=given["past_values"] if do_momentum else "",
    )
    return prompts.request(parts, images=True)
