"""Replies of a required form."""

import pytest

from textgrad.engine.base import Text
from textgrad.engine.calls.ask_again import ask_until, usable
from textgrad.errors import BadReply


class Replies:
    def __init__(self, *replies):
        self.replies, self.asked = list(replies), []

    def __call__(self, content, system_prompt=None):
        self.asked.append((content, system_prompt))
        return self.replies.pop(0)


def number(text):
    if not text.isdigit():
        raise BadReply("no number in it")
    return int(text)


def test_a_good_reply_is_requested_once():
    engine = Replies("7")
    assert ask_until(engine, "how many?", number, system_prompt="s", hint="Digits only.") == 7
    assert engine.asked == [("how many?", "s")]


def test_after_a_bad_reply_the_request_is_repeated_with_the_reason():
    engine = Replies("seven", "7")
    assert ask_until(engine, "how many?", number, hint="Digits only.") == 7
    again = engine.asked[1][0]
    assert again.startswith("how many?") and "no number in it" in again and again.endswith("Digits only.")


def test_a_second_bad_reply_raises():
    engine = Replies("seven", "eight", "9")
    with pytest.raises(BadReply):
        ask_until(engine, "how many?", number, hint="Digits only.")
    assert len(engine.asked) == 2


@pytest.mark.parametrize("reply", ["", "  \n", Text("12", "truncated"), Text("", "failed")])
def test_an_empty_or_truncated_reply_is_never_parsed(reply):
    with pytest.raises(BadReply):
        usable(reply)
    assert ask_until(Replies(reply, "3"), "q", number, hint="Digits only.") == 3


def test_the_hint_is_appended_to_a_list_of_texts_and_images():
    engine = Replies("?", "1")
    ask_until(engine, ["see", b"image"], number, hint="Digits only.")
    assert engine.asked[1][0][:2] == ["see", b"image"] and "Digits only." in engine.asked[1][0][2]
