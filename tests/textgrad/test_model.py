from scripted import ScriptedEngine

import textgrad as tg
from textgrad.variable import Variable


def test_a_model_answers_with_its_system_prompt_as_the_only_parameter():
    engine = ScriptedEngine("4")
    prompt = Variable("Think.", role_description="system prompt")
    model = tg.BlackboxLLM(engine, prompt)
    answer = model(Variable("2+2?", requires_grad=False, role_description="question"))
    assert answer.value == "4" and engine.calls == [("2+2?", "Think.")]
    assert model.parameters() == [prompt]
    prompt.add_gradient("more", of=answer)
    model.zero_grad()
    assert prompt.gradients == set()


def test_a_system_prompt_given_as_text_is_fixed():
    engine = ScriptedEngine("4")
    model = tg.BlackboxLLM(engine, "Be brief.")
    answer = model(Variable("2+2?", requires_grad=False, role_description="question"))
    assert engine.calls == [("2+2?", "Be brief.")] and not model.system_prompt.requires_grad
    answer.backward(engine)
    assert len(engine.calls) == 1


def test_a_model_without_system_prompt_has_no_parameters():
    engine = ScriptedEngine("4")
    model = tg.BlackboxLLM(engine)
    model(Variable("2+2?", role_description="question"))
    assert model.parameters() == [] and engine.calls == [("2+2?", None)]


def test_an_answer_can_itself_be_improved():
    engine = ScriptedEngine(
        lambda request: (
            "<IMPROVED_VARIABLE>4</IMPROVED_VARIABLE>"
            if "<FEEDBACK>" in request
            else "wrong"
            if "VARIABLE" in request
            else "5"
        )
    )
    answer = tg.BlackboxLLM(engine)(Variable("2+2?", requires_grad=False, role_description="question"))
    answer.set_role_description("concise answer")
    optimizer = tg.TGD(parameters=[answer], engine=engine)
    tg.TextLoss("Judge.", engine=engine)(answer).backward(engine)
    optimizer.step()
    assert answer.value == "4"
