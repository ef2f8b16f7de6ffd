"""Encoding of requests and decoding of responses."""

import pytest

from textgrad.engine.protocol.messages import (
    image_kind,
    read_completion,
    wire_messages,
    with_system_in_user,
    without_thinking,
)
from textgrad.errors import TransientError, UsageError

SENT = [{"role": "user", "content": "x" * 40}]


def response(content, finish: str | None = "stop", usage=None, **rest) -> dict:
    return {"choices": [{"message": {"content": content, **rest}, "finish_reason": finish}], "usage": usage}


@pytest.mark.parametrize(
    "text, left",
    [
        ("Answer: 3", "Answer: 3"),
        ("<think>Two\nand one.</think>\n\nAnswer: 3", "Answer: 3"),
        ("\n<think></think>Answer: 3", "Answer: 3"),
        ("Two and one.\n</think>\nAnswer: 3", "Answer: 3"),
        ("<think>Two and", ""),
        ("<think>a</think><think>b</think>c", "c"),
        ("Write <think> first, then </think>.", "Write <think> first, then </think>."),
        ("  Answer: 3 ", "  Answer: 3 "),
    ],
)
def test_leading_reasoning_is_removed_and_mentioned_tags_stay(text, left):
    assert without_thinking(text) == left


def test_a_reply_with_reasoning_only_is_empty():
    assert read_completion(response(None, reasoning_content="I think"), SENT).flaw == "empty"
    assert read_completion(response("<think>I think"), SENT).flaw == "empty"


@pytest.mark.parametrize(
    "finish, flaw",
    [
        ("stop", None),
        (None, None),
        ("length", "truncated"),
        ("max_tokens", "truncated"),
        ("MAX_TOKENS", "truncated"),
        ("content_filter", "filtered"),
        ("SAFETY", "filtered"),
        ("other", None),
    ],
)
def test_the_finish_reason_becomes_a_flaw(finish, flaw):
    assert read_completion(response("text", finish), SENT).flaw == flaw


def test_a_refusal_is_a_filtered_reply_with_its_text():
    reply = read_completion(response(None, refusal="I cannot help with that."), SENT)
    assert (reply.flaw, reply.text) == ("filtered", "I cannot help with that.")


def test_tokens_are_read_from_the_response_or_estimated():
    told = read_completion(response("12345", usage={"prompt_tokens": 7, "completion_tokens": 9}), SENT)
    assert (told.prompt_tokens, told.completion_tokens) == (7, 9)
    for usage in (None, {}, {"prompt_tokens": None, "completion_tokens": "many"}, "none"):
        guessed = read_completion(response("12345", usage=usage), SENT)
        assert (guessed.prompt_tokens, guessed.completion_tokens) == (10, 2)


def test_content_in_parts_is_joined_without_reasoning():
    parts = [{"type": "thinking", "thinking": [{"text": "hm"}]}, {"type": "text", "text": "a"}, {"text": "b"}]
    assert read_completion(response(parts), SENT).text == "ab"


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"choices": None},
        {"choices": []},
        {"choices": ["x"]},
        {"choices": [{}]},
        {"choices": [{"message": None}]},
        {"choices": {"0": {}}},
    ],
)
def test_a_response_without_a_message_is_malformed(data):
    with pytest.raises(TransientError) as caught:
        read_completion(data, SENT)
    assert caught.value.malformed


def test_half_an_emoji_is_replaced():
    assert read_completion(response("cut \ud83d"), SENT).text == "cut \ufffd"
    assert wire_messages([{"role": "user", "content": "\ud83d\ude00 and \ude00"}], False, "m")[0]["content"] == (
        "\U0001f600 and \ufffd"
    )


def test_a_list_of_texts_is_sent_as_one_string():
    [sent] = wire_messages([{"role": "user", "content": ["a", "b"]}], False, "m")
    assert sent == {"role": "user", "content": "a\n\nb"}


@pytest.mark.parametrize(
    "image, kind",
    [
        (b"\x89PNG\r\n\x1a\n", "png"),
        (b"\xff\xd8\xff\xe0", "jpeg"),
        (b"GIF89a", "gif"),
        (b"RIFF\x00\x00\x00\x00WEBP", "webp"),
    ],
)
def test_an_image_format_is_recognized_by_its_first_bytes(image, kind):
    assert image_kind(image + b"...") == kind


def test_bytes_that_are_not_an_image_are_refused():
    with pytest.raises(UsageError, match="unknown format of an image of 10 bytes"):
        image_kind(b"plain text")


def test_the_system_prompt_can_be_prepended_to_the_user_message():
    user = {"role": "user", "content": "U"}
    assert with_system_in_user([{"role": "system", "content": "S"}, user]) == [{"role": "user", "content": "S\n\nU"}]
    assert with_system_in_user([user]) == [user]
    image = {"role": "user", "content": [{"type": "image_url"}]}
    [joined] = with_system_in_user([{"role": "system", "content": "S"}, image])
    assert joined == {"role": "user", "content": [{"type": "text", "text": "S"}, {"type": "image_url"}]}
