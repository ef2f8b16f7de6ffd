"""Texts where they enter and leave the program.

Every text that enters passes `normalize`: data files, options, price files, replies of models, uploads.
Every text that is printed passes `printable`, after `replace_unencodable`. `comparison_key` decides whether two texts
are the same.
"""

import codecs
import contextlib
import io
import json
import os
import re
import sys
import unicodedata
from pathlib import Path
from typing import Any

from textgrad.errors import UsageError
from textgrad.system_errors import describe

REPLACEMENT = "\ufffd"

_DEEPEST_JSON = 100  # levels; deeper values overflow the stack of one version of Python or another

_BYTE_ORDER_MARKS = (  # UTF-32 before UTF-16, whose little-endian mark is its beginning
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_PLAIN = re.compile(r"[\t\n -~]*")  # most texts are ASCII and need no work
_LINE_END = re.compile("\r\n|[\r\v\f\x1c-\x1e\x85]")
_MARKED_LINE = re.compile("^\ufeff+", re.MULTILINE)  # in files that were joined
_SURROGATE = re.compile("[\ud800-\udfff]")

# Letters whose shape depends on joiners: Arabic, Indic and neighbouring scripts.
_JOINING = (
    "\u0600-\u08ff\u0900-\u0dff\u0f00-\u109f\u1700-\u18af\u1900-\u1cff\ua800-\uabff\ufb50-\ufdff\ufe70-\ufefc"
    "\U00010a00-\U00011fff\U0001e900-\U0001e95f"
)
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u1950-\u19df\uaa60-\uaa7f"  # Thai, Lao, Myanmar, Khmer and others
_EMOJI = "\u2190-\u21ff\u2300-\u27bf\u2900-\u297f\u2b00-\u2bff\U0001f000-\U0001faff"
_INVISIBLE = re.compile(
    "("  # kept: the flag of a region, word breaks in unspaced scripts, joiners at joining letters and between emoji
    "\U0001f3f4[\U000e0030-\U000e007a]{3,6}\U000e007f"
    f"|(?<=[{_UNSPACED}])\u200b(?=[{_UNSPACED}])"
    f"|(?<=[{_JOINING}])[\u200c\u200d]|[\u200c\u200d](?=[{_JOINING}])"
    f"|(?<=[{_EMOJI}\ufe0f])\u200d(?=[{_EMOJI}])"
    ")|["  # removed: controls, soft hyphens, zero-width characters, byte-order marks, tags
    "\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\u00ad\u200b-\u200d\u2060-\u2064\u206a-\u206f\ufeff\U000e0000-\U000e007f]"
)
_JOINERS = "\u200c\u200d"
_UNPRINTABLE = ("Cc", "Cf", "Cs")  # categories of Unicode: controls, invisible formats, half surrogates
_IGNORED = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
_QUOTES = str.maketrans("“”„«»‘’‚′−‐‑–—", '"""""\'\'\'\'-----')


def normalize(text: str) -> str:
    """Return a text in the one form in which the program uses it.

    Unicode form NFC; lines end with a newline; half surrogates are U+FFFD. Control characters, byte-order marks and
    zero-width characters are removed, except joiners that shape a letter or an emoji.
    """
    if _PLAIN.fullmatch(text):
        return text
    if _SURROGATE.search(text):  # a pair of halves is one character
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    text = unicodedata.normalize("NFC", _LINE_END.sub("\n", text))
    while True:  # removing a character may move accents, so that a joiner no longer stands at its letter
        visible = unicodedata.normalize("NFC", _INVISIBLE.sub(lambda match: match[1] or "", text))
        if visible == text:
            return visible
        text = visible


def normalize_word(word: str) -> str:
    """Return a word of the command line: as it is if it names an existing file, because names of files are bytes."""
    return word if os.path.exists(word.removeprefix("@")) else normalize(word)


def normalize_all(value: Any) -> Any:
    """Return a JSON value whose texts, keys included, are normalized."""
    if isinstance(value, str):
        return normalize(value)
    if isinstance(value, list):
        return [normalize_all(item) for item in value]
    if isinstance(value, dict):
        return {normalize(str(key)): normalize_all(item) for key, item in value.items()}
    return value


def comparison_key(text: str) -> str:
    """Return what is equal for texts that look the same: without invisible characters, with single spaces."""
    return " ".join(unicodedata.normalize("NFC", _IGNORED.sub("", normalize(text))).split())


def loose_key(text: str) -> str:
    """Return a `comparison_key` that also ignores case, kinds of quotes and dashes, and compatibility forms."""
    return unicodedata.normalize("NFKC", comparison_key(text).translate(_QUOTES)).casefold()


def printable(text: str) -> str:
    """Return a text without characters that move the cursor, hide text or reorder it on a terminal."""
    return "".join(
        character
        for character in normalize(text)
        if character in "\n\t" or character in _JOINERS or unicodedata.category(character) not in _UNPRINTABLE
    )


def replace_unencodable() -> None:
    """Let standard output and error replace a character that their encoding lacks; by default, it is an exception."""
    for stream, errors in ((sys.stdout, "replace"), (sys.stderr, "backslashreplace")):
        if isinstance(stream, io.TextIOWrapper):
            with contextlib.suppress(ValueError):  # closed
                stream.reconfigure(errors=errors)


def decode(data: bytes) -> str:
    """Return the text of a file, without byte-order marks, with newlines as line ends.

    Args:
        data: UTF-8, or the encoding that a byte-order mark names.

    Raises:
        ValueError: the bytes are not text in this encoding; the message names the line.
    """
    encoding = next((encoding for mark, encoding in _BYTE_ORDER_MARKS if data.startswith(mark)), "utf-8")
    try:
        return _MARKED_LINE.sub("", re.sub("\r\n?", "\n", data.decode(encoding)))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ValueError(f"line {line} is not {error.encoding.upper()} text: save the file as UTF-8") from error


def read_text(path: Path, name: str = "") -> str:
    """Return the text of a file, as `decode` does.

    Args:
        path: of the file.
        name: how the error message calls it; its path by default.

    Raises:
        UsageError: the file cannot be read, or is not text.
    """
    try:
        return decode(path.read_bytes())
    except OSError as error:
        raise UsageError(f"cannot read {name or path}: {describe(error)}") from error
    except ValueError as error:
        raise UsageError(f"cannot read {name or path}: {error}") from error


def load_json(text: str) -> Any:
    """Return a JSON value with its texts as they are.

    Raises:
        ValueError: the text is not JSON, or is nested too deeply.
    """
    try:
        value = json.loads(text)
        if text.count("[") + text.count("{") > _DEEPEST_JSON:  # perhaps; the rest of the program recurses too
            _check_depth(value)
        return value
    except RecursionError as error:
        raise ValueError("it is nested too deeply: use at most 100 levels of lists and objects") from error


def _check_depth(value: Any) -> None:
    level = [value]
    for _ in range(_DEEPEST_JSON + 1):
        lists = [each.values() if isinstance(each, dict) else each for each in level if isinstance(each, dict | list)]
        level = [item for items in lists for item in items]
    if level:
        raise RecursionError


def parse_json(text: str) -> Any:
    """Return a JSON value with normalized texts.

    Raises:
        ValueError: the text is not JSON, or is nested too deeply.
    """
    return normalize_all(load_json(text))


def read_json(path: Path, name: str = "") -> Any:
    """Return the JSON value in a file, with normalized texts.

    Args:
        path, name: as in `read_text`.

    Raises:
        UsageError: the file cannot be read, or is not JSON.
    """
    text = read_text(path, name)
    try:
        return parse_json(text)
    except ValueError as error:
        raise UsageError(f"cannot read {name or path} as JSON: {error}") from error


def read_json_lines(path: Path) -> list[Any]:
    """Return the JSON values in a file with one per line, with normalized texts; empty lines are ignored.

    Raises:
        UsageError: the file cannot be read, or a line is not JSON; the message names the line.
    """
    values = []
    for number, line in enumerate(read_text(path).split("\n"), 1):  # a text may contain other separators of lines
        if line.strip():
            try:
                values.append(parse_json(line))
            except ValueError as error:
                raise UsageError(f"cannot read {path}, line {number}, as JSON: {error}") from error
    return values
