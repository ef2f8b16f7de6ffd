"""The questions of ScienceQA about images, from a local copy."""

from hub_copies import write_copy

from textgrad.tasks.multimodal import load_multimodal_instance_task
from textgrad.variable import Variable

PNG = b"\x89PNG\r\n\x1a\n..."


def test_only_questions_with_an_image_are_given_and_the_answer_is_the_index_of_an_option(tmp_path, hub_cache):
    rows = [
        {
            "image": {"bytes": PNG, "path": None} if number == 1 else None,
            "question": f"Question {number}?",
            "choices": ["cold", "warm"],
            "answer": 1,
            "hint": "",
        }
        for number in range(3)
    ]
    write_copy(tmp_path, "derek-thomas/ScienceQA", {"default": {"test": rows}})
    ((image, query, answer, fields, _, score),) = load_multimodal_instance_task("scienceqa", "simulated", str(tmp_path))
    assert (image, answer, fields["pid"]) == (PNG, 1, "1") and "image" not in fields
    assert query.endswith("Question 1?\nOptions:\n(A) cold\n(B) warm")
    assert score(Variable("Answer: (B) warm", role_description="answer"))[0] == 1
    assert score(Variable("Answer: (A)", role_description="answer"))[0] == 0
