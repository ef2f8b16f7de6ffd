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
        ("<THINK>Two</THINK>Answer: 3", "Answer: 3"),
        ("[THINK]Answer: 4?[/THINK]\nAnswer: 3", "Answer: 3"),
        ("<seed:think>Answer: 4?</seed:think>Answer: 3", "Answer: 3"),
        ("◁think▷Answer: 4?◁/think▷Answer: 3", "Answer: 3"),
        ("◁think▷Answer: 4", ""),
        ("<|channel|>analysis<|message|>4?<|end|><|start|>assistant<|channel|>final<|message|>Answer: 3", "Answer: 3"),
    ],
)
def test_leading_reasoning_is_removed_and_mentioned_tags_stay(text, left):
    assert without_thinking(text) == left


def test_a_reply_that_stops_inside_its_reasoning_is_empty():
    assert read_completion(response("<think>I think"), SENT).flaw == "empty"


@pytest.mark.parametrize(
    "message",
    [
        {"content": "", "reasoning_content": "Answer: 3"},
        {"content": None, "reasoning": "Answer: 3"},
        {"content": " \n", "thinking": "Answer: 3"},
        {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "Answer: 3"}]}]},
        {"content": [{"type": "reasoning", "text": "Answer: 3"}]},
        {"content": "", "reasoning_details": [{"type": "reasoning.text", "text": "Answer: 3"}]},
        {"content": "<think>Answer: 3</think>"},
        {"content": "Answer: 3\n</think>\n"},
        {"content": "[THINK]Answer: 3[/THINK]"},
        {"content": "", "reasoning_text": "Answer: 3"},
        {"content": "", "thoughts": ["Answer: ", "3"]},
        {"reasoning_content": "Answer: 3"},
    ],
)
def test_a_complete_reply_without_content_uses_its_reasoning_and_says_so(message):
    choice = {"message": message, "finish_reason": "stop"}
    reply = read_completion({"choices": [choice]}, SENT)
    assert (reply.text, reply.flaw) == ("Answer: 3", None)
    assert any("replies arrive as reasoning" in remark for remark in reply.remarks)


@pytest.mark.parametrize("finish, flaw", [("length", "truncated"), ("network_error", "unfinished")])
def test_unfinished_reasoning_is_never_used_as_the_reply(finish, flaw):
    reply = read_completion(response("", finish, reasoning_content="Answer: 3"), SENT)
    assert (reply.text, reply.flaw) == ("", flaw)


def test_content_is_preferred_to_reasoning():
    reply = read_completion(response("Answer: 4", reasoning_content="Answer: 3"), SENT)
    assert (reply.text, reply.remarks) == ("Answer: 4", ())


def test_a_missing_finish_reason_is_remarked():
    assert "no finish reason" in read_completion(response("text", None), SENT).remarks[0]


@pytest.mark.parametrize("count", [10**30, 2**63, -1, True, 1e300, float("nan"), "7"])
def test_an_impossible_token_count_is_replaced_by_an_estimate(count):
    reply = read_completion(response("12345", usage={"prompt_tokens": count, "completion_tokens": count}), SENT)
    assert (reply.prompt_tokens, reply.completion_tokens) == (10, 2)


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
        ("FINISH_REASON_STOP", None),
        ("end_turn", None),
        ("eos_token", None),
        ("model_length", "truncated"),
        ("maxTokens", "truncated"),
        ("RECITATION", "filtered"),
        ("guardrail_intervened", "filtered"),
        ("network_error", "unfinished"),
        ("insufficient_system_resource", "unfinished"),
        ("error", "unfinished"),
        ("abort", "unfinished"),
        ("tool_calls", "unfinished"),
        ("MALFORMED_FUNCTION_CALL", "unfinished"),
        ("other", "unfinished"),
        ("length ", "truncated"),
        ("finish_reason.length", "truncated"),
        ("stop\n", None),
        ("incomplete:max_output_tokens", "unfinished"),
        ("engine_overloaded", "unfinished"),
        ("长度", "unfinished"),
        ("null", "unfinished"),
        (False, "unfinished"),
        ("\x00", "unfinished"),
        ("???", "unfinished"),
        ([], "unfinished"),
        ({"reason": "stop"}, "unfinished"),
        ("failed", "unfinished"),
        (7, "unfinished"),
    ],
)
def test_the_finish_reason_becomes_a_flaw(finish, flaw):
    assert read_completion(response("text", finish), SENT).flaw == flaw


@pytest.mark.parametrize("name", ["stop_reason", "finishReason"])
def test_the_finish_reason_may_have_another_name(name):
    choice = {"message": {"content": "Answer: 3"}, name: "max_tokens"}
    assert read_completion({"choices": [choice]}, SENT).flaw == "truncated"
    both = {**choice, "finish_reason": "stop", name: 128001}  # vLLM: the token at which the reply stopped
    assert read_completion({"choices": [both]}, SENT).flaw is None


def test_an_unknown_finish_reason_is_shown_to_the_user():
    [remark] = read_completion(response("half", "engine_overloaded"), SENT).remarks
    assert "'engine_overloaded' is not known to mean a complete reply" in remark


@pytest.mark.parametrize(
    "content",
    [["Answer: ", "3"], {"type": "text", "text": "Answer: 3"}, [{"type": "text", "text": {"value": "Answer: 3"}}]],
)
def test_content_in_unusual_parts_is_read(content):
    assert read_completion(response(content), SENT) == read_completion(response("Answer: 3"), SENT)


@pytest.mark.parametrize("content", [None, "", [], {}, 3, [None, 3], [{"type": "image_url"}]])
def test_a_reply_without_text_is_empty_whatever_else_it_holds(content):
    calls = [{"id": "1", "function": {"name": "f", "arguments": "{}"}}]
    assert read_completion(response(content, tool_calls=calls), SENT).flaw == "empty"


def test_a_refusal_in_a_part_of_the_content_is_a_filtered_reply():
    reply = read_completion(response([{"type": "refusal", "refusal": "I cannot."}]), SENT)
    assert (reply.flaw, reply.text) == ("filtered", "I cannot.")


def test_deeply_nested_content_is_no_traceback():
    content: list = ["deep"]
    for _ in range(900):
        content = [content]
    assert read_completion(response(content, reasoning=content), SENT).flaw == "empty"


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
