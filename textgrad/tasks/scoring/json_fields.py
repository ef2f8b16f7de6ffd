"""Score a JSON object by its fields."""

import contextlib
import json
from typing import Any

from textgrad.tasks.scoring.scorer import Grade
from textgrad.text import load_json

_LONGEST = 40  # characters of a value in the feedback
_DECODER = json.JSONDecoder(strict=False)  # allows line ends within texts


def json_fields(prediction: str, answer: str) -> Grade:
    """Return the share of the answer's fields that the last JSON object of a reply has with the same value.

    Text and code fences around the object, and other fields in it, do not matter. 1 and 1.0 are the same value, "1" is
    another. The feedback names missing and wrong fields.

    Raises:
        ValueError: the answer is no JSON object with fields.
    """
    expected, found = read_fields(answer), _last_object(prediction)
    if found is None:
        return Grade(0, "The reply contains no JSON object.")
    missing = [name for name in expected if name not in found]
    wrong = [name for name in expected if name in found and not _same(found[name], expected[name])]
    remarks = [f"missing fields: {', '.join(missing)}"] if missing else []
    remarks += [f"{name} is {_shown(found[name])} instead of {_shown(expected[name])}" for name in wrong]
    return Grade(1 - (len(missing) + len(wrong)) / len(expected), "; ".join(remarks))


def read_fields(answer: str) -> dict[str, Any]:
    """Return the fields of a right answer.

    Raises:
        ValueError: it is no JSON object with fields.
    """
    fields = None
    with contextlib.suppress(ValueError):
        fields = load_json(answer)
    if not isinstance(fields, dict) or not fields:
        raise ValueError("not a JSON object with fields")
    return fields


def _last_object(text: str) -> dict[str, Any] | None:
    """Return the last JSON object in a text that is not part of another one, or None."""
    found, position = None, text.find("{")
    while position >= 0:
        try:
            found, end = _DECODER.raw_decode(text, position)
        except (ValueError, RecursionError):
            end = position + 1
        position = text.find("{", end)
    return found


def _same(found: Any, expected: Any) -> bool:
    if isinstance(found, bool) or isinstance(expected, bool):  # True == 1
        return found is expected
    if isinstance(found, dict) and isinstance(expected, dict):
        return found.keys() == expected.keys() and all(_same(found[name], expected[name]) for name in expected)
    if isinstance(found, list) and isinstance(expected, list):
        return len(found) == len(expected) and all(map(_same, found, expected))
    if isinstance(found, str) and isinstance(expected, str):
        return found.strip() == expected.strip()
    return found == expected


def _shown(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)[:_LONGEST]
