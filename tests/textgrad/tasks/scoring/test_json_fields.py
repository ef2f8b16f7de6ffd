"""Share of right JSON fields."""

import json

import pytest

from textgrad.tasks.scoring.json_fields import json_fields, read_fields

ANSWER = '{"name": "Ada", "age": 36, "tags": ["a", {"b": null}], "alive": false}'


@pytest.mark.parametrize(
    "reply, score, feedback",
    [
        (ANSWER, 1, ""),
        (f"Here it is {{as asked}}:\n```json\n{ANSWER}\n```\nGood luck {{:", 1, ""),
        (f'First {{"name": "Bob"}}, then {ANSWER}', 1, ""),
        (f'{ANSWER}, or rather {{"name": "Bob"}}', 0, "missing fields: age, tags, alive; name is"),
        (ANSWER.replace("36", "36.0").replace("Ada", " Ada\n"), 1, ""),
        (ANSWER[:-1] + ', "more": 1}', 1, ""),
        (ANSWER.replace("36", '"36"'), 0.75, 'age is "36" instead of 36'),
        (ANSWER.replace("false", "0"), 0.75, "alive is 0 instead of false"),
        (ANSWER.replace("null", "0"), 0.75, "tags is"),
        (ANSWER.replace('"a", ', ""), 0.75, "tags is"),
        ('{"name": "Ada", "AGE": 36}', 0.25, "missing fields: age, tags, alive"),
        ("name: Ada", 0, "The reply contains no JSON object."),
        (f"[{ANSWER}]", 1, ""),
        (ANSWER[:-1], 0, "missing fields"),
        ("{" * 5000, 0, "no JSON object"),
        ('{"a":' * 5000, 0, "no JSON object"),
    ],
)
def test_the_score_is_the_share_of_fields_that_the_last_object_has_right(reply, score, feedback):
    grade = json_fields(reply, ANSWER)
    assert grade.score == score and grade.feedback.startswith(feedback) or feedback in grade.feedback
    assert bool(grade.feedback) is (score < 1) and "\n" not in grade.feedback


def test_long_values_are_shortened_in_the_feedback():
    grade = json_fields(json.dumps({"a": "x" * 10_000}), json.dumps({"a": "y" * 10_000}))
    assert grade.score == 0 and len(grade.feedback) < 120


@pytest.mark.parametrize("answer", ["7", "[1]", "{}", "{", "Ada"])
def test_an_answer_without_fields_is_an_error(answer):
    with pytest.raises(ValueError):
        read_fields(answer)
