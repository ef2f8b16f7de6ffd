"""The optimizer `rules`: groups of wrong questions, fill-in requests, and the rules that the program writes."""

from types import SimpleNamespace

import pytest
from scripted import ScriptedEngine

from textgrad.errors import BadReply
from textgrad.optimizer import Example, optimizer_class
from textgrad.optimizer.rules import are_labels
from textgrad.rule_lines import Rule
from textgrad.variable import Variable

TRAIN = [
    ("The printer jams, says the guard.", "K7"),
    ("The door is stuck.", "B4"),
    ("A copier eats paper, says the guard.", "K7"),
    ("The gate does not open, says the guard.", "B4"),
    ("The plotter is out of ink.", "K7"),
]


class ByFirstQuestion(ScriptedEngine):
    """Replies by the first question of the request, as the requests of a step have no fixed order."""

    def __init__(self, replies):
        super().__init__()
        self.replies = replies

    def __call__(self, content, system_prompt=None, **_):
        self.calls.append((content, system_prompt))
        return next(reply for start, reply in self.replies.items() if content.startswith(f"- {start}"))


def optimizer(engine, wrong, prompt="Route.", labelled=TRAIN):
    made = optimizer_class("rules").from_options(
        [Variable(prompt, role_description="system prompt")], engine, SimpleNamespace(gradient_memory=0, context="on")
    )
    examples = [
        Example(question, answer, "reply", float((question, answer) not in wrong)) for question, answer in TRAIN
    ]
    made.observe(examples, labelled)
    return made


def rewrite(engine, wrong, prompt="Route."):
    ((value,),) = optimizer(engine, wrong, prompt).proposals()
    return value


def with_rules(**subjects):
    return "\n".join(["Route.", *(str(Rule(text, answer)) for answer, named in subjects.items() for text in named)])


def test_each_right_answer_that_is_missed_gets_one_request_and_a_rule_per_subject():
    replies = {
        "The printer": "They are about the printer, the copier, and the plotter.",
        "The door": "They are about the door and a gate.",
    }
    engine = ByFirstQuestion(replies)
    assert rewrite(engine, TRAIN[:3]) == with_rules(K7=["printer", "copier", "plotter"], B4=["door", "gate"])
    assert len(engine.calls) == 2


def test_a_request_shows_wrong_questions_first_then_others_with_the_same_answer_and_no_answer():
    engine = ByFirstQuestion({"A copier": "the copier"})
    rewrite(engine, TRAIN[2:3])
    lines = engine.calls[0][0].splitlines()
    assert lines[:3] == [
        "- A copier eats paper, says the guard.",
        "- The printer jams, says the guard.",
        "- The plotter is out of ink.",
    ]
    assert "K7" not in engine.calls[0][0] and "door" not in engine.calls[0][0]


def test_a_subject_that_other_answers_share_or_that_no_question_mentions_is_left_out():
    engine = ByFirstQuestion({"The printer": "They are about the guard, the printer, says the guard, and the toaster."})
    assert rewrite(engine, TRAIN[:1]) == with_rules(K7=["printer"])


def test_older_rules_stay_unless_questions_with_another_answer_contradict_them():
    prompt = f"{with_rules(K7=['gate', 'ink', 'unseen thing', 'Printer'])}\nBe brief."
    engine = ByFirstQuestion({"The printer": "the printer, the copier"})
    assert rewrite(engine, TRAIN[:1], prompt) == (
        f"{with_rules(K7=['ink', 'unseen thing', 'Printer', 'copier'])}\nBe brief."
    )


def test_a_new_rule_replaces_one_that_gives_another_answer_to_the_same_subject():
    prompt = with_rules(B4=["the Printer", "key"], K7=["ink"])
    engine = ByFirstQuestion({"The printer": "the printer"})
    assert rewrite(engine, TRAIN[:1], prompt) == with_rules(B4=["key"], K7=["ink", "printer"])


def test_of_two_subjects_of_which_one_contains_the_other_the_shorter_is_kept():
    engine = ByFirstQuestion({"The printer": "the printer, the copier"})
    assert rewrite(engine, TRAIN[:1], with_rules(K7=["big copier"])) == with_rules(K7=["printer", "copier"])


def test_a_reply_without_a_distinctive_subject_is_requested_again_and_then_skipped():
    replies = {"The printer": "They are about the guard.", "The door": "the door"}
    engine = ByFirstQuestion(replies)
    assert rewrite(engine, TRAIN[:2]) == with_rules(B4=["door"])
    assert sum(content.startswith("- The printer") for content, _ in engine.calls) == 2


def test_without_any_usable_reply_the_step_ends_with_a_bad_reply():
    with pytest.raises(BadReply) as error:
        rewrite(ByFirstQuestion({"The printer": "I cannot say."}), TRAIN[:1])
    assert error.value.kind == "no rule"


def test_a_minibatch_without_wrong_answers_costs_nothing():
    engine = ByFirstQuestion({})
    assert rewrite(engine, []) == "Route." and not engine.calls


def test_a_rewrite_above_the_budget_is_a_bad_reply():
    made = optimizer(ByFirstQuestion({"The printer": "the printer"}), TRAIN[:1])
    made.token_budget = 5
    with pytest.raises(BadReply) as error:
        made.proposals()
    assert error.value.kind == "too long"


def test_it_needs_no_gradients():
    assert not optimizer_class("rules").needs_gradients


@pytest.mark.parametrize(
    "answers, expected",
    [
        (["yes", "no"] * 3, True),
        (["K7", "B4", "T2"] * 2, True),
        (["K7"] * 6, False),
        (["a", "b", "c", "d", "a"], False),
        (["3", "4"] * 4, False),
        (["1,000", "-2.5%"] * 4, False),
        (["(A)", "(B)"] * 4, False),
        (["A", "B", "C"] * 4, False),
        (["a\nb", "c"] * 4, False),
        ([], False),
    ],
)
def test_labels_are_few_repeated_and_no_numbers_or_options(answers, expected):
    assert are_labels(answers) is expected
