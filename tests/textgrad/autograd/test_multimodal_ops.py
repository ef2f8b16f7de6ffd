import pytest
from scripted import ScriptedEngine, inside

import textgrad as tg
from textgrad.autograd import MultimodalLLMCall, OrderedFieldsMultimodalLLMCall
from textgrad.loss import ImageQALoss
from textgrad.variable import Variable

IMAGE = b"\x89PNG..."


def picture():
    return Variable(IMAGE, requires_grad=False, role_description="a picture")


def question():
    return Variable("What is it?", requires_grad=False, role_description="question")


def test_images_and_texts_are_sent_in_order():
    engine = ScriptedEngine("a cat", is_multimodal=True)
    prompt = Variable("Look closely.", role_description="system prompt")
    inputs = [picture(), question()]
    reply = MultimodalLLMCall(engine, prompt)(inputs, response_role_description="answer")
    assert engine.calls == [([IMAGE, "What is it?"], "Look closely.")]
    assert (reply.value, reply.role_description) == ("a cat", "answer")
    assert list(reply.predecessors) == [prompt, *inputs]


def test_values_of_the_wrong_type_are_rejected():
    engine = ScriptedEngine(is_multimodal=True)
    with pytest.raises(AssertionError):
        MultimodalLLMCall(engine)([Variable(4.2, role_description="a"), Variable(5.5, role_description="b")])
    with pytest.raises(AssertionError, match="str"):
        MultimodalLLMCall(engine)([picture(), "What is it?"])


def test_a_text_only_engine_is_rejected():
    with pytest.raises(ValueError, match="multimodal|image"):
        MultimodalLLMCall(ScriptedEngine(is_multimodal=False))


def through_picture(critic):
    prompt = Variable("Look.", role_description="system prompt")
    answer = MultimodalLLMCall(ScriptedEngine("a cat", is_multimodal=True), prompt)([picture(), question()])
    tg.TextLoss("Judge.", engine=ScriptedEngine("wrong"))(answer).backward(critic)
    return prompt


def test_a_multimodal_critic_receives_images():
    critic = ScriptedEngine("criticism", is_multimodal=True)
    prompt = through_picture(critic)
    before, image, after = critic.prompts[1]
    assert image == IMAGE
    assert before.endswith("<LM_INPUT>\n") and after.startswith("What is it?\n</LM_INPUT>")
    assert isinstance(critic.prompts[0], str)
    optimizer = tg.TGD([prompt], engine=ScriptedEngine("<IMPROVED_VARIABLE>b</IMPROVED_VARIABLE>", is_multimodal=True))
    optimizer.step()
    assert IMAGE in optimizer.engine.prompts[0] and prompt.value == "b"


def test_a_text_only_critic_receives_text_only():
    critic = ScriptedEngine("criticism")
    prompt = through_picture(critic)
    assert "an image" in inside("LM_INPUT", critic.prompts[1])
    optimizer = tg.TGD([prompt], engine=ScriptedEngine("<IMPROVED_VARIABLE>b</IMPROVED_VARIABLE>"))
    optimizer.step()
    assert "an image" in optimizer.engine.prompts[0]


def test_fields_are_sent_with_their_names_in_their_order():
    engine = ScriptedEngine("a cat", is_multimodal=True)
    call = OrderedFieldsMultimodalLLMCall(engine, ["Question", "Image"])
    call({"Image": picture(), "Question": question()})
    assert engine.prompts == [["Question: What is it?", "Image:", IMAGE]]
    with pytest.raises(AssertionError, match="Image"):
        call({"Question": question()})


def test_image_qa_loss_gives_feedback_on_the_answer():
    judge = ScriptedEngine("no cat", is_multimodal=True)
    answer = Variable("a cat", role_description="answer")
    verdict = ImageQALoss("Is it right?", engine=judge)(picture(), question(), answer)
    content = judge.prompts[0]
    assert content.index(IMAGE) < content.index("Question: What is it?") < content.index("Answer: a cat")
    verdict.backward(judge)
    assert answer.get_gradient_text() == "no cat" and len(judge.calls) == 2
