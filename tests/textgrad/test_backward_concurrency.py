import random
import threading
import time

import pytest
from scripted import ScriptedEngine, inside

import textgrad as tg
import textgrad.variable
from textgrad.autograd import BackwardContext, Function, LLMCall, StringBasedFunction
from textgrad.concurrency import fan_out
from textgrad.errors import BudgetSpent
from textgrad.variable import Variable

WAIT = 20  # seconds before a hanging test fails


def question(text):
    return Variable(text, requires_grad=False, role_description="question")


def batch(prompt, size=3, steps=1):
    """The sum of `size` losses of one prompt; each sample is answered in `steps` calls that share the prompt."""
    losses = []
    for sample in range(size):
        answer = question(f"question {sample}")
        for step in range(steps):
            answer = LLMCall(ScriptedEngine(f"answer {sample}.{step}"), prompt)(answer)
        scorer = StringBasedFunction(lambda answer: 0, function_purpose="1 for a right answer")
        losses.append(scorer({"answer": answer}))
    return tg.sum(losses)


def prompt_variable():
    return Variable("Think.", role_description="system prompt")


def criticize(request):
    """Identify the sample and variable of a request."""
    sample = request.split("answer ")[1][:3]
    return f"criticism of the prompt by {sample}" if "<FEEDBACK>" in request else f"criticism of {sample}"


class Shaky(ScriptedEngine):
    """Reply after a random delay."""

    def __init__(self, seed):
        super().__init__(criticize)
        self.random = random.Random(seed)

    def generate(self, prompt, system_prompt=None, **kwargs):
        time.sleep(self.random.random() / 100)
        return super().generate(prompt, system_prompt)


def optimizer_request(seed):
    prompt, optimizer_engine = prompt_variable(), ScriptedEngine("<IMPROVED_VARIABLE>new</IMPROVED_VARIABLE>")
    optimizer = tg.TGD([prompt], engine=optimizer_engine)
    batch(prompt, size=4, steps=2).backward(Shaky(seed))
    optimizer.step()
    return optimizer_engine.calls


def test_the_optimizer_request_does_not_depend_on_timing():
    first = optimizer_request(0)
    assert all(optimizer_request(seed) == first for seed in range(1, 20))


def test_the_result_equals_a_sequential_pass(monkeypatch):
    beside = optimizer_request(0)

    def one_by_one(function, items, after=None, width=None):
        return fan_out(function, items, after, width=1)

    monkeypatch.setattr(textgrad.variable, "fan_out", one_by_one)
    assert optimizer_request(0) == beside


def test_gradients_are_in_sample_order():
    prompt = prompt_variable()
    batch(prompt, size=5).backward(Shaky(1))
    assert [gradient.value[-3] for gradient in prompt.gradients] == list("01234")


def test_branches_run_concurrently():
    together = threading.Barrier(3)

    def reply(request):
        together.wait(WAIT)
        return criticize(request)

    prompt = prompt_variable()
    batch(prompt).backward(ScriptedEngine(reply))
    assert len(prompt.gradients) == 3


def test_samples_do_not_wait_for_each_other():
    first_is_through = threading.Event()

    def reply(request):
        if "answer 0" in request and "<FEEDBACK>" in request:
            first_is_through.set()
        elif "answer 1" in request and "<FEEDBACK>" not in request:
            assert first_is_through.wait(WAIT)
        return criticize(request)

    prompt = prompt_variable()
    batch(prompt, size=2).backward(ScriptedEngine(reply))
    assert [gradient.value[-3] for gradient in prompt.gradients] == ["0", "1"]


def test_inputs_of_one_call_are_processed_concurrently():
    together = threading.Barrier(2)

    def reply(request):
        together.wait(WAIT)
        return f"about {inside('ROLE', request)}"

    prompt, text = prompt_variable(), Variable("Hi", role_description="query")
    LLMCall(ScriptedEngine("Hello"), prompt)(text).backward(ScriptedEngine(reply))
    assert prompt.get_gradient_text() == "about system prompt" and text.get_gradient_text() == "about query"


class Join(Function):
    """A user-defined operation that adds gradients as TextGrad users do."""

    def forward(self, variables, pause=0):
        joined = Variable(
            " ".join(variable.value for variable in variables), predecessors=variables, role_description="joined"
        )
        joined.set_grad_fn(BackwardContext(self.backward, variables=variables, joined=joined, pause=pause))
        return joined

    def backward(self, variables, joined, pause, backward_engine):
        time.sleep(pause)
        for variable in variables:
            text = backward_engine(f"{joined.value}: {joined.get_gradient_text()}")
            gradient = Variable(text, role_description="gradient")
            variable.gradients.add(gradient)
            variable.gradients.add(gradient)


def test_a_user_defined_operation_adds_gradients_once_and_in_order():
    root, other = (Variable(name, role_description="root") for name in ("a", "b"))
    join = Join()
    joined = [join([root, other], pause=pause) for pause in (0.02, 0.01, 0)]
    join(joined).backward(ScriptedEngine(lambda request: str(len(request))))
    assert len(root.gradients) == 3
    tops = [node.get_gradient_text() for node in joined]
    assert [gradient.value for gradient in root.gradients] == [str(len(f"a b: {text}")) for text in tops]


def test_a_variable_waits_for_all_its_gradients_before_passing_them_on():
    root = Variable("root", role_description="root")
    middle = Join()([root])
    top = Join()([middle, Join()([Join()([middle], pause=0.02)])])
    engine = ScriptedEngine("x")
    top.backward(engine)
    assert len(middle.gradients) == 2 and len(root.gradients) == 1
    assert engine.prompts[-1] == "root: x\nx"


def test_a_second_pass_appends_to_the_first():
    prompt = prompt_variable()
    first, second = batch(prompt), batch(prompt)
    second.backward(ScriptedEngine(lambda request: "second " + criticize(request)))
    first.backward(ScriptedEngine(lambda request: "first " + criticize(request)))
    prompt.gradients.add(Variable("by hand", role_description="remark"))
    batch(prompt).backward(ScriptedEngine(lambda request: "third " + criticize(request)))
    words = [gradient.value.split()[0] for gradient in prompt.gradients]
    assert words == ["second"] * 3 + ["first"] * 3 + ["by"] + ["third"] * 3


def test_a_chain_can_exceed_the_recursion_limit():
    node = root = Variable("0", role_description="root")
    for _ in range(1500):
        node = Join()([node])
    engine = ScriptedEngine("x")
    node.backward(engine)
    assert root.get_gradient_text() == "x" and len(engine.calls) == 1500


def test_a_stopped_run_ends_the_pass():
    def reply(request):
        raise BudgetSpent("no more calls")

    with pytest.raises(BudgetSpent):
        batch(prompt_variable()).backward(ScriptedEngine(reply))


def test_an_error_in_a_user_defined_operation_is_raised():
    class Broken(Join):
        def backward(self, **kwargs):
            raise ZeroDivisionError("in the user's code")

    with pytest.raises(ZeroDivisionError):
        Broken()([prompt_variable()]).backward(ScriptedEngine())
