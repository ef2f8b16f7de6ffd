import pytest
from scripted import ScriptedEngine, inside

import textgrad as tg
from textgrad.autograd import LLMCall, StringBasedFunction
from textgrad.autograd.functional import aggregate
from textgrad.errors import UsageError
from textgrad.variable import Variable


def variables(*roles, **kwargs):
    return [Variable(f"value {number}", role_description=role, **kwargs) for number, role in enumerate(roles)]


@pytest.mark.parametrize("combine", [tg.sum, tg.aggregate])
def test_a_combination_joins_all_values_and_lists_each_role_once(combine):
    total = combine(variables("loss", "remark", "loss"))
    assert total.value == "value 0\nvalue 1\nvalue 2"
    assert total.role_description == "a combination of the following: loss, remark"
    assert total.requires_grad and len(total.predecessors) == 3
    assert not combine(variables("loss", requires_grad=False)).requires_grad
    with pytest.raises(UsageError, match="no variables"):
        combine([])


@pytest.mark.parametrize("combine", [tg.sum, tg.aggregate])
def test_feedback_on_a_combination_reaches_each_member_without_a_call(combine):
    first, second = variables("title", "text")
    total, critic = combine([first, second]), ScriptedEngine()
    total.add_gradient("too long", of=total, context={"context": ["a talk"]})
    total.backward(critic)
    assert critic.calls == []
    for member in (first, second):
        (gradient,) = member.gradients
        assert "too long" in gradient.value and member.role_description in gradient.value
        assert member.gradients_context[gradient] == {"context": ["a talk"]}


def losses(prompt, size=3):
    question = Variable("?", requires_grad=False, role_description="question")
    scorer = StringBasedFunction(lambda answer: 0, function_purpose="1 if right")
    return [scorer({"answer": LLMCall(ScriptedEngine(f"answer {number}"), prompt)(question)}) for number in range(size)]


def critic(fail_to_merge=False):
    def reply(request):
        if "CONVERSATION" not in request:
            return "" if fail_to_merge else "all in one"
        return f"criticism by {request.split('answer ')[1][0]}"

    return ScriptedEngine(reply)


def test_feedback_through_an_aggregate_is_merged_by_one_call():
    prompt, engine = Variable("Think.", role_description="system prompt"), critic()
    aggregate(losses(prompt)).backward(engine)
    assert [gradient.value for gradient in prompt.gradients] == ["all in one"]
    request, system_prompt = engine.calls[-1]
    assert len(engine.calls) == 3 + 3 + 1 and system_prompt.startswith("You merge feedback")
    assert [request.index(f"criticism by {number}") for number in range(3)] == sorted(
        request.index(f"criticism by {number}") for number in range(3)
    )
    assert "system prompt" in inside("ROLE", request)


def test_feedback_of_different_origin_is_not_merged():
    prompt = Variable("Think.", role_description="system prompt")
    by_hand = Variable("by hand", role_description="remark")
    prompt.gradients.add(by_hand)
    single, several = losses(prompt, 1), losses(prompt, 2)
    tg.sum([*single, aggregate(several)]).backward(critic())
    assert [gradient.value for gradient in prompt.gradients] == ["by hand", "criticism by 0", "all in one"]


def test_a_single_gradient_is_not_merged():
    prompt, engine = Variable("Think.", role_description="system prompt"), critic()
    aggregate(losses(prompt, 1)).backward(engine)
    assert prompt.get_gradient_text() == "criticism by 0" and len(engine.calls) == 2


def test_gradients_stay_unchanged_when_the_merged_reply_is_empty():
    prompt = Variable("Think.", role_description="system prompt")
    aggregate(losses(prompt)).backward(critic(fail_to_merge=True))
    assert [gradient.value for gradient in prompt.gradients] == [f"criticism by {number}" for number in range(3)]


def test_reset_gradients_clears_the_aggregation_state():
    (first,) = variables("text")
    total = aggregate([first])
    total.backward(ScriptedEngine())
    first.reset_gradients()
    for _ in range(2):
        first.add_gradient("x", of=first)
    engine = ScriptedEngine()
    first.backward(engine)
    assert len(first.gradients) == 2 and engine.calls == []
