import threading
from types import SimpleNamespace

import pytest
from scripted import ScriptedEngine, inside

import textgrad as tg
from textgrad.discovery import names_in
from textgrad.engine.base import ChatEngine, Reply, Sampling, Text
from textgrad.engine.calls.call_log import CallLog
from textgrad.engine.calls.gateway import Gateway
from textgrad.errors import BadReply, UsageError
from textgrad.optimizer import MissingTags, Optimizer, TextualGradientDescentwithMomentum, optimizer_class
from textgrad.variable import Variable

GOOD = "Fine:\n<IMPROVED_VARIABLE>\n Think twice. \n</IMPROVED_VARIABLE> Done."


def criticized(value="Think.", *criticism):
    variable = Variable(value, role_description="system prompt")
    for text in criticism or ("too short",):
        context = {"context": [f"<CONVERSATION>\nabout {text}\n</CONVERSATION>\n"]}
        variable.add_gradient(text, of=variable, context=context)
    return variable


def step(variable, reply=GOOD, **kwargs):
    optimizer = tg.TGD([variable], engine=ScriptedEngine(reply), **kwargs)
    optimizer.step()
    return optimizer.engine


def test_a_step_takes_the_text_between_the_tags():
    variable = criticized()
    step(variable)
    assert variable.value == "Think twice."


def test_the_request_shows_role_value_and_each_gradient_with_its_context():
    request, system_prompt = step(criticized("Think.", "too short", "too vague")).calls[0]
    assert inside("ROLE", request) == "system prompt" and inside("VARIABLE", request) == "Think."
    marks = ["Think.", "about too short", "<FEEDBACK>\ntoo short", "about too vague", "<FEEDBACK>\ntoo vague"]
    assert [request.index(mark) for mark in marks] == sorted(request.index(mark) for mark in marks)
    assert request.count("<CONTEXT>") == 2
    assert "<IMPROVED_VARIABLE>" in system_prompt and "</IMPROVED_VARIABLE>" in system_prompt
    assert "{" not in system_prompt


def test_the_value_is_shown_unchanged():
    value = "\n".join(f"  rule {number}: {{braces}} \\n <b>&amp;</b>" for number in range(2000)) + "\n\n end  "
    assert inside("VARIABLE", step(criticized(value)).prompts[0]) == value


def test_a_gradient_without_context_is_shown_alone():
    variable = Variable("Think.", role_description="system prompt")
    optimizer = tg.TGD([variable], engine=ScriptedEngine(GOOD))
    optimizer.parameters[0].gradients.add(Variable("grad", role_description="gradient"))
    assert optimizer.parameters[0].get_gradient_text() == "grad"
    optimizer.step()
    assert "<CONTEXT>" not in optimizer.engine.prompts[0] and inside("FEEDBACK", optimizer.engine.prompts[0]) == "grad"


@pytest.mark.parametrize("name", ["tgd", "tgd_momentum"])
@pytest.mark.parametrize("context, shown", [("on", 2), ("off", 0)])
def test_the_option_context_leaves_the_conversations_out_of_the_request(name, context, shown):
    options = SimpleNamespace(gradient_memory=0, momentum_window=0, context=context)
    variable, engine = criticized("Think.", "too short", "too vague"), ScriptedEngine(GOOD)
    optimizer_class(name).from_options([variable], engine=engine, options=options).step()
    (request,) = engine.prompts
    assert request.count("<CONTEXT>") == request.count("about too") == shown
    assert "<FEEDBACK>\ntoo short" in request and "<FEEDBACK>\ntoo vague" in request


def test_constraints_and_examples_are_shown():
    engine = step(criticized(), constraints=["in English", "at most 9 words"], in_context_examples=["Look.", "Hear."])
    assert inside("CONSTRAINTS", engine.prompts[0]) == "1. in English\n2. at most 9 words"
    assert inside("EXAMPLES", engine.prompts[0]) == "Look.\n\nHear."
    plain = step(criticized()).prompts[0]
    assert "CONSTRAINTS" not in plain and "EXAMPLES" not in plain and "PAST" not in plain


def test_other_tags_and_another_system_prompt_can_be_given():
    variable = criticized()
    engine = step(
        variable,
        "[NEW]Look.[/NEW]",
        new_variable_tags=["[NEW]", "[/NEW]"],
        optimizer_system_prompt="Rewrite {this} in {new_variable_start_tag}..{new_variable_end_tag}",
    )
    assert variable.value == "Look."
    assert engine.calls[0][1] == "Rewrite {this} in [NEW]..[/NEW]" and "[NEW]" in engine.prompts[0]


def test_a_prompt_that_names_a_fence_tag_survives_being_shown_and_rewritten():
    variable = criticized("Put the result in <VARIABLE>..</VARIABLE>.")
    step(variable, lambda request: f"<IMPROVED_VARIABLE>{inside('VARIABLE', request)} Thanks.</IMPROVED_VARIABLE>")
    assert variable.value == "Put the result in <VARIABLE>..</VARIABLE>. Thanks."


def test_a_step_without_feedback_sends_no_request():
    for variable in (Variable("Think.", role_description="system prompt"), criticized("Think.", " \n")):
        optimizer = tg.TGD([variable], engine=ScriptedEngine(GOOD))
        with pytest.raises(BadReply, match="no criticism"):
            optimizer.step()
        assert optimizer.engine.calls == [] and variable.value == "Think."


@pytest.mark.parametrize(
    "bad",
    [
        "no tags",
        "<IMPROVED_VARIABLE>open",
        "</IMPROVED_VARIABLE>",
        "",
        "  ",
        "<IMPROVED_VARIABLE> \n</IMPROVED_VARIABLE>",
        Text("<IMPROVED_VARIABLE>half</IMPROVED_VARIABLE>", "truncated"),
    ],
)
def test_a_bad_reply_is_requested_once_more_and_then_raised(bad):
    variable = criticized()
    engine = step(variable, [bad, GOOD])
    assert variable.value == "Think twice." and len(engine.calls) == 2
    assert engine.prompts[1].startswith(engine.prompts[0]) and engine.calls[0][1] == engine.calls[1][1]

    variable = criticized()
    optimizer = tg.TGD([variable], engine=ScriptedEngine([bad, bad, GOOD]))
    with pytest.raises(BadReply):
        optimizer.step()
    assert variable.value == "Think." and len(optimizer.engine.calls) == 2


def test_missing_tags_are_an_index_error_as_in_textgrad():
    with pytest.raises(IndexError):
        step(criticized(), "no tags")
    assert issubclass(MissingTags, BadReply)


def test_parameters_are_rewritten_concurrently_and_all_or_none():
    together = threading.Barrier(2)

    def reply(request):
        together.wait(20)
        return f"<IMPROVED_VARIABLE>{inside('VARIABLE', request).upper()}</IMPROVED_VARIABLE>"

    first, second = criticized("a"), criticized("b")
    tg.TGD([first, second], engine=ScriptedEngine(reply)).step()
    assert (first.value, second.value) == ("A", "B")

    optimizer = tg.TGD(
        [first, second],
        gradient_memory=1,
        engine=ScriptedEngine(lambda request: GOOD if inside("VARIABLE", request) == "A" else "no tags"),
    )
    with pytest.raises(BadReply):
        optimizer.step()
    assert (first.value, second.value) == ("A", "B")
    assert optimizer.get_gradient_memory_text(first) == ""


def test_zero_grad_clears_gradients_and_contexts():
    variable = criticized()
    tg.TGD([variable], engine=ScriptedEngine()).zero_grad()
    assert variable.gradients == set() and not variable.gradients_context


def run_steps(optimizer, values):
    """Make one step per value, each with one gradient, and return the requests."""
    (variable,) = optimizer.parameters
    for value in values:
        optimizer.zero_grad()
        variable.set_value(value)
        variable.add_gradient(f"criticism of {value}", of=variable)
        optimizer.step()
    return optimizer.engine.prompts


def test_gradient_memory_shows_the_feedback_of_that_many_earlier_steps():
    optimizer = tg.TGD([criticized()], engine=ScriptedEngine(GOOD), gradient_memory=2)
    first, second, third, fourth = run_steps(optimizer, ["v1", "v2", "v3", "v4"])
    assert "PAST_FEEDBACK" not in first
    assert inside("PAST_FEEDBACK", second) == "criticism of v1"
    assert inside("PAST_FEEDBACK", fourth) == "criticism of v2\n\ncriticism of v3"
    without = tg.TGD([criticized()], engine=ScriptedEngine(GOOD))
    assert all("PAST" not in request for request in run_steps(without, ["v1", "v2"]))


def test_momentum_shows_earlier_values_with_their_feedback():
    optimizer = TextualGradientDescentwithMomentum(ScriptedEngine(GOOD), [criticized()], momentum_window=2)
    first, second, third, fourth = run_steps(optimizer, ["v1", "v2", "v3", "v4"])
    assert "PAST_VERSION" not in first
    assert (inside("PAST_VERSION", second), inside("PAST_FEEDBACK", second)) == ("v1", "criticism of v1")
    marks = ["\nv2\n", "criticism of v2", "\nv3\n", "criticism of v3", "\nv4\n", "criticism of v4"]
    assert [fourth.index(mark) for mark in marks] == sorted(fourth.index(mark) for mark in marks)
    assert "v1" not in fourth and inside("VARIABLE", fourth) == "v4"
    assert optimizer.parameters[0].value == "Think twice."


def test_without_a_window_momentum_is_plain_descent():
    optimizer = TextualGradientDescentwithMomentum(ScriptedEngine(GOOD), [criticized()])
    plain = tg.TGD([criticized()], engine=ScriptedEngine(GOOD))
    assert run_steps(optimizer, ["v1", "v2"]) == run_steps(plain, ["v1", "v2"])


def test_verbose_prints_the_new_value(capsys):
    step(criticized())
    assert capsys.readouterr().out == ""
    step(criticized(), verbose=1)
    assert "Think twice." in capsys.readouterr().out


def test_only_texts_can_be_parameters():
    image = Variable(b"\x89PNG", role_description="picture")
    for wrong, name in ((image, "bytes"), ("Think.", "str")):
        with pytest.raises(UsageError, match=name):
            tg.TGD([wrong], engine=ScriptedEngine())


def test_a_custom_optimizer_needs_only_step():
    class Shout(Optimizer):
        def step(self):
            for parameter in self.parameters:
                parameter.set_value(parameter.value.upper())

    variable = criticized()
    Shout([variable]).step()
    assert variable.value == "THINK."


class Several(tg.TGD):
    """Proposes three rewrites."""

    def propose(self, variable):
        return self.rewrites(variable, count=3)


def test_three_rewrites_at_temperature_zero_are_three_different_requests():
    class Counter(ChatEngine):
        model_string, endpoint, replies = "counter", "here", 0

        def complete(self, messages, sampling):
            self.replies += 1
            return Reply(f"<IMPROVED_VARIABLE>version {self.replies}</IMPROVED_VARIABLE>")

    counter = Counter()
    route = Gateway(CallLog(":memory:")).route(counter, sampling=Sampling(temperature=0.0))
    (rewrites,) = Several([criticized()], engine=route).proposals()
    assert counter.replies == 3 and sorted(rewrites) == ["version 1", "version 2", "version 3"]


def test_the_first_of_several_rewrites_is_requested_as_a_single_one():
    engine = step(criticized())
    several = Several([criticized()], engine=ScriptedEngine(GOOD))
    several.proposals()
    assert engine.prompts[0] in several.engine.prompts and len(set(several.engine.prompts)) == 3


def test_requesting_the_same_rewrite_twice_in_a_step_is_an_error():
    class Careless(tg.TGD):
        def propose(self, variable):
            return [self.rewrite(variable), self.rewrite(variable)]

    with pytest.raises(UsageError, match="Careless requests the same rewrite twice"):
        Careless([criticized()], engine=ScriptedEngine(GOOD)).step()


def test_a_step_takes_the_first_of_several_rewrites_and_skips_unusable_ones():
    variable = criticized()
    optimizer = Several([variable], engine=ScriptedEngine(lambda request: GOOD if "3 of 3" in request else "no tags"))
    assert optimizer.proposals() == [["Think twice."]] and variable.value == "Think."
    optimizer.step()
    assert variable.value == "Think twice."
    with pytest.raises(MissingTags):
        Several([criticized()], engine=ScriptedEngine("no tags")).step()


def test_an_optimizer_that_proposes_nothing_is_a_bad_reply():
    class Silent(tg.TGD):
        def propose(self, variable):
            return []

    with pytest.raises(BadReply, match="Silent proposed no rewrite"):
        Silent([criticized()], engine=ScriptedEngine(GOOD)).step()


@pytest.mark.parametrize("name, made", [("tgd", tg.TGD), ("tgd_momentum", TextualGradientDescentwithMomentum)])
def test_an_optimizer_is_found_by_name_and_made_from_options(name, made):
    options = SimpleNamespace(gradient_memory=2, momentum_window=3, context="off")
    optimizer = optimizer_class(name).from_options([criticized()], engine=ScriptedEngine(GOOD), options=options)
    assert type(optimizer) is made and optimizer.gradient_memory == 2 and not optimizer.shows_context
    assert getattr(optimizer, "momentum_window", 3) == 3


def test_the_names_of_optimizers_are_those_of_their_files():
    assert names_in("textgrad.optimizer") == (
        "auto",
        "best_of",
        "demos",
        "edits",
        "opro",
        "reflect",
        "rules",
        "tgd",
        "tgd_momentum",
    )
    with pytest.raises(UsageError, match="unknown optimizer 'tdg'; known, nearest first: tgd, auto, tgd_momentum, "):
        optimizer_class("tdg")
