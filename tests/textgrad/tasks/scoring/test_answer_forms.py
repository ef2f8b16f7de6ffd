"""No right answer fails in a form that models use, and no neighbouring value passes in it."""

import json

import pytest
from answer_forms import neighbours, replies

from textgrad.tasks.big_bench_hard import TASKS
from textgrad.tasks.scoring.answers import SCORERS

GENERATED = {
    "number": ["7", "-12", "0", "1,080", "1234567", "10"],
    "choice": ["(A)", "(B)", "(I)", "(R)"],
    "boolean": ["Yes", "no", "True", "invalid"],
    "words": ["ami bituminous it&t you've zed", "murray sweatband", "zed"],
    "brackets": ["] ] >", "}", ") > }"],
    "exact": ["Monsters, Inc", "東京", "Café au lait", "x² + 1", "½ cup", "50%", "C++", "a_b", "dearth, wind, & fire"],
}


def check(kind, answers):
    score = SCORERS[kind]
    for answer in answers:
        wrong = [other for other in neighbours(kind, answer, answers) if other]
        for form, reply in replies(kind, answer):
            assert score(reply, answer) == 1, f"{form!r}: {reply!r} is not read as {answer!r}"
            passing = [other for other in wrong if score(reply, other)]
            assert not passing, f"{form!r}: {reply!r} passes for {passing}"


@pytest.mark.parametrize("kind", GENERATED)
def test_generated_answers_pass_in_every_form_and_their_neighbours_fail(kind):
    check(kind, GENERATED[kind])


@pytest.mark.parametrize("kind", ["number", "choice", "boolean", "words", "brackets"])
def test_answers_of_the_real_data_pass_in_every_form_and_their_neighbours_fail(real_data, kind):
    answers = set()
    for name, ((scorer, _), _) in TASKS.items():
        if scorer == kind:
            examples = json.loads((real_data / "bbh" / f"{name}.json").read_text())["examples"]
            answers |= {example["target"] for example in examples}
    if kind == "number":
        lines = (real_data / "gsm8k" / "test.jsonl").read_text().splitlines()
        answers |= {json.loads(line)["answer"].rpartition("####")[2].strip() for line in lines}
    if kind == "choice":
        answers = {answer for answer in answers if len(answer) == 3}  # two data errors are texts
    step = {"number": 80, "words": 40, "brackets": 4}.get(kind, 1)
    check(kind, sorted(answers)[::step])
