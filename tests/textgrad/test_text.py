"""Texts are normalized where they enter and made printable where they leave."""

import io
import os
import sys
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from textgrad.errors import UsageError
from textgrad.text import (
    comparison_key,
    decode,
    loose_key,
    normalize,
    normalize_word,
    parse_json,
    printable,
    read_json,
    read_json_lines,
    read_text,
    replace_unencodable,
)

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
DOCTOR = "\U0001f469\U0001f3fd\u200d\u2695\ufe0f"
RAINBOW_FLAG = "\U0001f3f3\ufe0f\u200d\U0001f308"
SCOTLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"
PERSIAN = "می\u200cخواهم"
SINHALA = "ශ්\u200dරී"
KHMER = "ភាសា\u200bខ្មែរ"

# characters from every class that the rules name, so that random texts meet them
MIXED = st.text(
    st.sampled_from(
        "a\u0301eé\u2126=\u0338\r\n\v\x85\x00\x1b\t \u00a0\u00ad\u200b\u200c\u200d\u2060\ufeff\ufe0f\ud83d\ude00\udcff"
        "\u0915\u093c\u0646\u0640\u0e01\u1780\u2764\u26a7\U0001f468\U0001f3f4\U000e0067\U000e007f\uac00\u11a8"
    )
)


@pytest.mark.parametrize("text", ["", "plain\n\ttext", "naïve “quotes” — 中文 ½ x²", "a\u2028b", "e\u20dd"])
def test_clean_text_is_not_changed(text):
    assert normalize(text) == text


@pytest.mark.parametrize("text", [FAMILY, DOCTOR, RAINBOW_FLAG, SCOTLAND, PERSIAN, SINHALA, KHMER])
def test_joiners_that_shape_emoji_or_letters_are_kept(text):
    assert normalize(f"\u200b{text}\u200b") == text


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("\ufeffYou", "You"),
        ("a\u200bb\u200cc\u200dd\u2060e\ufefff\u00adg", "abcdefg"),
        ("Cafe\u0301", "Café"),
        ("e\u200b\u0301", "é"),
        ("\u2126", "Ω"),
        ("a\r\nb\rc\x85d\fe", "a\nb\nc\nd\ne"),
        ("\x00a\x1b[31mb\x7f\x9b", "a[31mb"),
        ("half \ud83d!", "half \ufffd!"),
        ("\udcff", "\ufffd"),
        ("\ud83d\ude00", "\U0001f600"),
        ("42\u200d", "42"),
        ("\U0001f468\u200d", "\U0001f468"),
        ("a\U000e0068\U000e0069b", "ab"),
    ],
)
def test_a_text_is_normalized(text, right):
    assert normalize(text) == right


@settings(max_examples=2000, deadline=None)
@example("\u0301\x1b\u093c\u200c")
@given(MIXED | st.text(max_size=12))
def test_a_normalized_text_is_stable_encodable_and_printable(text):
    once = normalize(text)
    assert normalize(once) == once == unicodedata.normalize("NFC", once)
    once.encode()
    assert not set("\r\x00\x1b\ufeff") & set(once)
    shown = printable(text)
    assert printable(shown) == shown
    assert not [
        character for character in shown if unicodedata.category(character) in ("Cc", "Cs") and character not in "\n\t"
    ]
    assert comparison_key(once) == comparison_key(text) == comparison_key(comparison_key(text))


@pytest.mark.parametrize(
    "other",
    [
        "Who sang Café de Flore?",
        "Who sang Cafe\u0301 de Flore?",
        " Who  sang\tCafé de\u00a0Flore?\r\n",
        "\ufeffWho sang Caf\u200bé de Flore\u200d?",
        "Who sang Café de\u3000Flore?",
    ],
)
def test_texts_that_look_the_same_have_the_same_key(other):
    assert comparison_key(other) == "Who sang Café de Flore?"


def test_a_loose_key_ignores_case_quotes_and_compatibility_forms():
    assert loose_key("It’s “TWO”, ２！") == loose_key('it\'s "two", 2!')
    assert comparison_key("x²") != comparison_key("x2") and comparison_key("A") != comparison_key("a")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_a_file_is_read_in_the_encoding_of_its_byte_order_mark(tmp_path, encoding):
    path = tmp_path / "a.txt"
    path.write_bytes("“one”\r\ntwo\rthree".encode(encoding))
    assert read_text(path) == "“one”\ntwo\nthree"


def test_a_file_in_another_encoding_is_refused_with_its_line(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes("one\nCafé".encode("latin-1"))
    with pytest.raises(UsageError, match="cannot read .*a.txt: line 2 is not UTF-8 text: save the file as UTF-8"):
        read_text(path)
    with pytest.raises(UsageError, match="cannot read --price_file: No such file"):
        read_text(tmp_path / "none", "--price_file")
    with pytest.raises(ValueError, match="line 1 is not UTF-16"):
        decode(b"\xff\xfe\x00")


def test_texts_in_json_are_normalized_and_deep_nesting_is_an_error(tmp_path):
    assert parse_json('{"a\\ufeff": ["e\\u0301", 1, null], "b": "\\ud800"}') == {"a": ["é", 1, None], "b": "\ufffd"}
    (tmp_path / "a.json").write_text("[" * 5000 + "]" * 5000)
    with pytest.raises(UsageError, match="cannot read .*a.json as JSON: it is nested too deeply"):
        read_json(tmp_path / "a.json")


def test_byte_order_marks_inside_a_joined_file_are_removed():
    part = "\ufeffone\r\ntwo\r\n".encode()
    assert decode(part + part + part) == "one\ntwo\none\ntwo\none\ntwo\n"
    assert decode("x\ufeffy".encode()) == "x\ufeffy"  # `normalize` removes it from the text


def test_only_newlines_end_a_line_of_json(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"a": "one\u2028two\u2029three\u0085four"}\r\n\n\ufeff[1]\n', encoding="utf-8-sig", newline="")
    assert read_json_lines(path) == [{"a": "one\u2028two\u2029three\nfour"}, [1]]
    path.write_text('{}\n{"a": ')
    with pytest.raises(UsageError, match="a.jsonl, line 2, as JSON"):
        read_json_lines(path)


def test_a_word_is_normalized_unless_it_names_a_file(tmp_path):
    assert normalize_word("gpt-4o\u200b\r") == "gpt-4o\n" and normalize_word("\udce9") == "\ufffd"
    for name in ("e\u0301.txt", os.fsdecode(b"x\xe9.txt")):
        path = tmp_path / name
        path.touch()
        assert normalize_word(str(path)) == str(path) and normalize_word(f"@{path}") == f"@{path}"
        assert normalize_word(f"{path}.old") == normalize(f"{path}.old") != f"{path}.old"
    assert normalize_word("a\x00b") == "ab" and normalize_word("e\u0301" * 5000) == "é" * 5000


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "cp437", "utf-8"])
def test_any_text_can_be_printed_in_any_encoding(monkeypatch, encoding):
    outputs = [io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="strict") for _ in range(2)]
    monkeypatch.setattr(sys, "stdout", outputs[0])
    monkeypatch.setattr(sys, "stderr", outputs[1])
    replace_unencodable()
    for output in outputs:
        print("“ä” 数 \U0001f600 \udcff", file=output, flush=True)
        shown = output.buffer.getvalue().decode(encoding).strip()
        assert len(shown.split()) == 4 and (
            shown.startswith("“ä”") if encoding in ("cp1252", "utf-8") else "?" in shown or "\\u6570" in shown
        )


def test_closed_missing_and_foreign_outputs_are_left_alone(monkeypatch):
    closed = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    closed.close()
    for output in (None, closed, io.StringIO()):
        monkeypatch.setattr(sys, "stdout", output)
        replace_unencodable()


@pytest.mark.parametrize("opening, closing", [("[", "]"), ('{"a":', "}"), ('[{"a":', "}]")])
@pytest.mark.parametrize("depth", [101, 300, 900, 5_000, 100_000])
def test_json_that_is_nested_too_deeply_is_refused_at_every_depth_of_the_stack(opening, closing, depth):
    with pytest.raises(ValueError, match="nested too deeply"):
        parse_json(opening * depth + "1" + closing * depth)


def test_json_with_many_brackets_side_by_side_is_read():
    assert parse_json("[" + "[],{}," * 500 + "1]")[-1] == 1 and parse_json('["' + "[{" * 500 + '"]') == ["[{" * 500]
    assert parse_json("[" * 50 + "]" * 50)
