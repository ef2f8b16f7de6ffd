import pytest
from scripted import ScriptedEngine

import textgrad as tg
from textgrad.autograd import LLMCall
from textgrad.config import SingletonBackwardEngine, validate_engine_or_get_default
from textgrad.errors import UsageError
from textgrad.variable import Variable


@pytest.fixture(autouse=True)
def no_engine_set(monkeypatch):
    monkeypatch.setattr(tg.singleton_backward_engine, "engine", None)


def test_the_holder_is_a_singleton():
    assert SingletonBackwardEngine() is SingletonBackwardEngine() is tg.singleton_backward_engine


def test_the_default_engine_serves_as_critic_optimizer_and_model():
    engine = ScriptedEngine("<IMPROVED_VARIABLE>new</IMPROVED_VARIABLE>")
    tg.set_backward_engine(engine)
    prompt = Variable("Think.", role_description="system prompt")
    model, optimizer = tg.BlackboxLLM(system_prompt=prompt), tg.TGD([prompt])
    tg.TextLoss("Judge.")(model(Variable("?", requires_grad=False, role_description="question"))).backward()
    optimizer.step()
    assert prompt.value == "new" and len(engine.calls) == 5


def test_replacing_the_engine_requires_override():
    first, second = ScriptedEngine(), ScriptedEngine()
    tg.set_backward_engine(first)
    tg.set_backward_engine(first)
    with pytest.raises(UsageError, match="override=True"):
        tg.set_backward_engine(second)
    assert SingletonBackwardEngine().get_engine() is first
    tg.set_backward_engine(second, override=True)
    assert SingletonBackwardEngine().get_engine() is second


@pytest.mark.parametrize(
    "use",
    [
        lambda: Variable("x", role_description="text").backward(),
        lambda: tg.BlackboxLLM(),
        lambda: tg.TextLoss("Judge."),
        lambda: LLMCall(None),
        lambda: tg.TGD([Variable("x", role_description="text")]),
    ],
)
def test_a_missing_engine_error_says_how_to_set_one(use):
    with pytest.raises(UsageError, match=r"^[^\n]*set_backward_engine\("):
        use()


def test_an_engine_may_be_given_by_name(monkeypatch):
    asked = []
    monkeypatch.setattr("textgrad.config.get_engine", lambda name, **kwargs: asked.append((name, kwargs)) or "made")
    with pytest.raises(UsageError, match="str"):
        validate_engine_or_get_default("some-model")
    tg.set_backward_engine("some-model", cache=True)
    assert asked == [("some-model", {}), ("some-model", {"cache": True})]


def test_a_value_that_is_not_an_engine_is_rejected_with_its_type():
    with pytest.raises(UsageError, match="int"):
        LLMCall(3)
