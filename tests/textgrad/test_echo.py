"""Replies that repeat their request."""

import pytest

from textgrad.echo import is_echo, repeated_share

REQUEST = "You are the critic of a text that is improved step by step. Say what to change in it."


def test_a_copy_of_the_request_is_an_echo():
    assert repeated_share(REQUEST, [REQUEST]) == 1.0
    assert is_echo(REQUEST.upper().replace(".", "!"), [REQUEST])


def test_an_own_sentence_is_no_echo():
    assert repeated_share("Tell the model to write down each carry before it adds the next digit.", [REQUEST]) == 0.0


def test_a_reply_that_quotes_less_than_half_is_no_echo():
    reply = "You are the critic of a text " + "but most of this reply is new text that does not occur in the request"
    share = repeated_share(reply, [REQUEST])
    assert 0 < share < 0.5 and not is_echo(reply, [REQUEST])


def test_runs_are_collected_from_all_sources():
    assert repeated_share("one two three four five six", ["zero one two", "one two three four five six seven"]) == 1.0


@pytest.mark.parametrize("reply", ["", "the critic of a text"])
def test_fewer_than_six_words_are_no_echo(reply):
    assert repeated_share(reply, [REQUEST]) == 0.0


def test_a_repeated_run_counts_once():
    own = "a b c d e f"
    assert repeated_share(f"{own} {own} {own}", [own]) < 0.5


def test_runs_of_allowed_texts_are_not_repeated():
    quoted = "Say what to change in it"
    assert is_echo(quoted, [REQUEST]) and not is_echo(quoted, [REQUEST], allowed=["Please say what to change in it."])
    assert is_echo(REQUEST, [REQUEST], allowed=[quoted])
