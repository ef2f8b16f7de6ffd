"""Reading of a judge's verdict."""

import pytest

from textgrad.errors import BadReply
from textgrad.tasks.scoring.verdict import end_with_verdict, read_verdict


def said(value: str) -> str:
    return f"They agree. <ACCURACY>{value}</ACCURACY>"


@pytest.mark.parametrize(
    "value",
    ["1", " 1.0 ", "1.", "**1**", "`1`", "True", "TRUE", "correct", "Yes.", "right", "１", "100%", "\\boxed{1}", "1,0"]
    + ["1 (correct)", "Accuracy: 1", "score = 1", '"1"', "+1", "one", "\n1\n", "$1$", "[1]", "The answer is correct."]
    + ["1/1", "10/10", "Score: 1 / 1", "true."],
)
def test_every_usual_way_to_write_a_verdict_is_read(value):
    assert read_verdict(said(value)) == "1"


@pytest.mark.parametrize(
    "value", ["0", "0.0", "**0**", "False", "incorrect", "No", "wrong", "0 %", "0 (incorrect)", "-0", "0/10"]
)
def test_every_usual_way_to_write_a_negative_verdict_is_read(value):
    assert read_verdict(said(value)) == "0"


@pytest.mark.parametrize(
    "value",
    ["", "0.5", "2", "-1", "1 or 0", "0/1", "50%", "1%", "not correct", "1 (incorrect)", "maybe", "10", "1e0", "1.0.0"]
    + ["1 0", "nan", "correct? no", "true or false", "and", "1 because both are 7", "...", "partially correct"]
    + ["1/0", "5/10", "1/1/1", "10/1", "1/10"],
)
def test_half_a_verdict_is_never_read(value):
    with pytest.raises(BadReply):
        read_verdict(said(value))


@pytest.mark.parametrize(
    "reply, verdict",
    [
        ("<accuracy>1</accuracy>", "1"),
        ("< Accuracy > 1 </ Accuracy >", "1"),
        ("<ACCURACY score='1'>1</ACCURACY>", "1"),
        ("**<ACCURACY>** 0 **</ACCURACY>**", "0"),
        ("It is right.\n<ACCURACY>1</ACCURACY>\n\nThe verdict stands between <ACCURACY> and </ACCURACY>.", "1"),
        ("So the verdict is <ACCURACY>1</ACCURACY> which I put between <ACCURACY> and </ACCURACY> tags.", "1"),
        ("I close with the tag <ACCURACY> now.\n<ACCURACY> 0 </ACCURACY>", "0"),
        ("<think>Perhaps <ACCURACY>0</ACCURACY></think> It agrees. <ACCURACY>1</ACCURACY>", "1"),
        ("```\n<ACCURACY>1</ACCURACY>\n```", "1"),
        ("<ACCURACY>0</ACCURACY>\n(I was told to write <ACCURACY> 1 </ACCURACY> if it is right.)", "0"),
        ("<ACCURACY> 0 </ACCURACY>, or rather <ACCURACY> 1 </ACCURACY>", "1"),
        ("So <ACCURACY> 0 </ACCURACY> it is.", "0"),
        ("&lt;ACCURACY&gt;1&lt;/ACCURACY&gt;", "1"),
        ("<ACCURACY><ACCURACY>1</ACCURACY></ACCURACY>", "1"),
    ],
)
def test_the_verdict_is_found_among_mentions_of_its_tags(reply, verdict):
    assert read_verdict(reply) == verdict
    assert end_with_verdict(reply).endswith(f"<ACCURACY> {verdict} </ACCURACY>")
    assert read_verdict(end_with_verdict(reply)) == verdict


@pytest.mark.parametrize(
    "reply",
    [
        "1",
        "<ACCURACY>1",
        "1</ACCURACY>",
        "I write <ACCURACY> 1 </ACCURACY> if it is right or <ACCURACY> 0 </ACCURACY> if it is wrong.",
        "<ACCURACY>1</ACCURACY>\nOn second thought:\n<ACCURACY>0.5</ACCURACY>",
        "<think><ACCURACY>1</ACCURACY></think> I cannot tell.",
        "<ACCURACY>0</ACCURACY> (not <ACCURACY>1</ACCURACY>)",
        "The verdict is <ACCURACY>0</ACCURACY> rather than <ACCURACY>1</ACCURACY>",
        "It is not <ACCURACY>1</ACCURACY>",
        "Accuracy: 1",
        "[ACCURACY] 1 [/ACCURACY]",
        "<ACCURACY>1<ACCURACY>",
        '{"ACCURACY": 1}',
    ],
)
def test_a_reply_without_one_clear_verdict_is_not_read(reply):
    with pytest.raises(BadReply):
        read_verdict(reply)
