import pytest
from scripted import ScriptedEngine, inside

from textgrad import prompts
from textgrad.autograd import BackwardContext, Module, MultimodalLLMCall, StringBasedFunction
from textgrad.autograd.functional import formatted_llm_call, llm_call
from textgrad.errors import BadReply
from textgrad.optimizer import TextualGradientDescent
from textgrad.tokens import estimate_tokens
from textgrad.variable import Variable


class Twice(Module):
    def __init__(self):
        self.prompt = Variable("Again.", role_description="system prompt")

    def parameters(self):
        return [self.prompt]

    def forward(self, x, mark="!"):
        return f"{x}{x}{mark}"


def test_a_module_is_callable_and_names_its_parameters():
    module = Twice()
    assert module("a", mark="?") == "aa?"
    assert list(module.named_parameters()) == [("system prompt", module.prompt)]


def test_zero_grad_clears_gradients_and_contexts():
    module = Twice()
    module.prompt.add_gradient("no", of=module.prompt, context={"context": ["a talk"]})
    module.zero_grad()
    assert module.prompt.gradients == set() and not module.prompt.gradients_context


def test_a_module_without_parameters_need_not_define_them():
    class Nothing(Module):
        def forward(self):
            return None

    Nothing().zero_grad()
    assert Nothing().parameters() == []


def test_a_backward_context_keeps_arguments_and_is_called_with_the_engine():
    engine = ScriptedEngine()
    context = BackwardContext(lambda *args, **kwargs: (args, kwargs), 1, b=2)
    assert context(backward_engine=engine) == ((1,), {"b": 2, "backward_engine": engine})
    assert "BackwardContext" in repr(context)


def test_function_forms_match_the_operations():
    engine, prompt = ScriptedEngine(lambda text: text), Variable("Be brief.", role_description="system prompt")
    text = Variable("hi", role_description="text")
    assert llm_call(text, engine, system_prompt=prompt).role_description == "response from the language model"
    reply = formatted_llm_call({"a": text}, "echo", engine, "<{a}>", {"a": None}, prompt)
    assert (reply.value, reply.role_description) == ("<hi>", "echo")
    assert [system_prompt for _, system_prompt in engine.calls] == ["Be brief.", "Be brief."]


ADVICE = "Tell the model to write down each carry before it adds the next column of digits."


def criticized(critic, value="Think first."):
    """Return the prompt and the answer after a backward pass with a critic."""
    prompt = Variable(value, role_description="system prompt")
    query = Variable("What is 17 + 26?", requires_grad=False, role_description="question")
    answer = llm_call(query, ScriptedEngine("33"), system_prompt=prompt)
    StringBasedFunction(lambda answer: 0, "Compares the sum with the right one.")({"answer": answer}).backward(critic)
    return prompt, answer


def test_a_critique_that_repeats_its_request_is_requested_again_in_a_shorter_form():
    critic = ScriptedEngine(lambda request: ADVICE if prompts.ECHO_HINT in request else request)
    prompt, answer = criticized(critic)
    assert answer.get_gradient_text() == prompt.get_gradient_text() == ADVICE and len(critic.calls) == 4
    (long, long_system), (short, short_system) = critic.calls[2:]
    assert estimate_tokens(short_system) < estimate_tokens(long_system) and "CONVERSATION" not in short
    assert inside("LM_OUTPUT", short) == "33" and inside("FEEDBACK", short) == ADVICE


def test_an_echo_is_never_passed_on():
    critic = ScriptedEngine(lambda request: request)
    prompt, answer = criticized(critic)
    assert len(critic.calls) == 2 and answer.feedback_missing and prompt.feedback_missing
    assert not answer.gradients and not prompt.gradients
    with pytest.raises(BadReply, match="repeated its request") as error:
        TextualGradientDescent([prompt], engine=critic).step()
    assert error.value.kind == "no feedback"


def test_a_copy_of_the_critics_instructions_is_an_echo():
    critic = ScriptedEngine([prompts.BACKWARD_SYSTEM_PROMPT, ADVICE])
    _, answer = criticized(critic)
    assert answer.get_gradient_text() == ADVICE and len(critic.calls) == 3


@pytest.mark.parametrize(
    "critique",
    [
        "Fine.",
        'Replace "Work through the sum step by step and think first" by an order to write down each carry, because the '
        "tens are one too small here.",
    ],
)
def test_a_short_critique_and_one_that_quotes_the_variable_are_no_echoes(critique):
    critic = ScriptedEngine(critique)
    prompt, _ = criticized(critic, "Work through the sum step by step and think first.")
    assert prompt.get_gradient_text() == critique and len(critic.calls) == 2


def test_feedback_that_is_passed_on_is_no_echo():
    critic = ScriptedEngine(ADVICE)
    prompt, answer = criticized(critic)
    assert answer.get_gradient_text() == prompt.get_gradient_text() == ADVICE and len(critic.calls) == 2


def test_only_texts_of_a_request_with_images_are_compared():
    critic = ScriptedEngine(lambda request: ADVICE, is_multimodal=True)
    prompt = Variable("Look.", role_description="system prompt")
    picture = Variable(b"\x89PNG\r\n\x1a\n", requires_grad=False, role_description="picture")
    MultimodalLLMCall(ScriptedEngine("a cat", is_multimodal=True), prompt)([picture]).backward(critic)
    assert prompt.get_gradient_text() == ADVICE and any(isinstance(part, bytes) for part in critic.prompts[0])
