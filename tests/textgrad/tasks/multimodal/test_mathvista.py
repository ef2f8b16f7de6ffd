"""MathVista, from a local copy."""

import pytest
from hub_copies import write_copy

from textgrad.engine import get_engine
from textgrad.errors import UsageError
from textgrad.tasks.multimodal import load_multimodal_instance_task
from textgrad.variable import Variable

PNG = b"\x89PNG\r\n\x1a\n..."
KINDS = [  # options, answer, answer type, precision, right replies, wrong replies
    (["3/11", "8/11"], "8/11", "text", None, ["The answer is (B).", "Answer: 8/11"], ["Answer: (A)", "3/11", ""]),
    (None, "14", "integer", 0, ["Answer: 14", "So it is 14 apples."], ["Answer: 15", "I see nothing."]),
    (None, "1.45", "float", 2, ["Answer: $1.449"], ["Answer: 1.4"]),
    (None, "[2007, 2008]", "list", None, ["Answer: [2007, 2008]"], ["Answer: [2007, 2009]"]),
]


@pytest.fixture
def folder(tmp_path, hub_cache):
    rows = [
        {
            "pid": str(number),
            "query": f"Hint: look.\nQuestion {number}?",
            "decoded_image": {"bytes": PNG, "path": None},
            "choices": options,
            "answer": answer,
            "answer_type": kind,
            "precision": precision,
        }
        for number, (options, answer, kind, precision, *_) in enumerate(KINDS)
    ]
    write_copy(tmp_path, "AI4Math/MathVista", {"default": {"testmini": rows, "test": rows[:1]}})
    return tmp_path


def answer(text):
    return Variable(text, role_description="answer")


def test_replies_are_scored_by_the_kind_of_answer(folder):
    questions = load_multimodal_instance_task("mathvista", get_engine("simulated"), root=str(folder))
    assert len(list(questions)) == len(KINDS)
    for number, (*_, right, wrong) in enumerate(KINDS):
        image, query, truth, fields, _, score = questions[number]
        assert (image, truth, fields["pid"]) == (PNG, KINDS[number][1], str(number))
        assert query.endswith(f"Question {number}?") and fields["query"] == query
        assert [score(answer(reply)) for reply in right] == [(1, {"true_false": True})] * len(right)
        assert [score(answer(reply)) for reply in wrong] == [(0, {"true_false": False})] * len(wrong)


def test_the_reviewer_sees_image_question_and_answer(folder):
    class Reviewer(type(get_engine("simulated"))):
        def complete(self, messages, sampling):
            self.seen = messages[-1]["content"]
            return super().complete(messages, sampling)

    reviewer = Reviewer()
    _, query, _, _, review, _ = load_multimodal_instance_task("mathvista", reviewer, root=str(folder))[1]
    given = answer("It is 14.")
    assert given in review(given).predecessors
    assert PNG in reviewer.seen and any(query in part for part in reviewer.seen if isinstance(part, str))


def test_an_unknown_data_set_or_split_is_refused(folder):
    with pytest.raises(UsageError, match="unknown multimodal instance task 'MathVista'; known, .*mathvista"):
        load_multimodal_instance_task("MathVista", "simulated")
    with pytest.raises(UsageError, match="unknown split 'train'"):
        load_multimodal_instance_task("mathvista", "simulated", root=str(folder), split="train")
