"""Seeded generators of inputs from outside: replies, responses, headers, data lines and numbers."""

import copy
import json
import random
from typing import Any

TAGS = ("<IMPROVED_VARIABLE>", "</IMPROVED_VARIABLE>")
SENTENCES = (
    "Add the numbers twice.",
    "Read it again, digit by digit.",
    "Be brief!",
    "先读题目。",
    "Éviter les erreurs.",
)
MENTIONS = (
    "What stands between [ and ] is the new prompt.",
    "I write it after the tag [ now.",
    "The tag ] ends it.",
    "Die Marken [ und ] umschließen den Text.",
    "Le texte entre [ et ] est le nouveau prompt.",
    "新的提示在 [ 和 ] 之间。",
    "- `[`: start\n- `]`: end",
    "Format: [...]",
    "<think>Perhaps [Guess.] or [\nGuess wildly.\n] would do.</think>",
    "<Thinking>\n[\nGuess.\n]\n</Thinking>",
    "```\n[\nThe old prompt, which was too short to be of use.\n]\n```",
    "Hello.",
    "",
    "1. First, I compare the two prompts.",
)
_OPENINGS = (
    TAGS[0],
    "<improved_variable>",
    "< IMPROVED_VARIABLE >",
    '<IMPROVED_VARIABLE type="a">',
    "&lt;IMPROVED_VARIABLE&gt;",
)
_CLOSINGS = (
    TAGS[1],
    "</improved_variable>",
    "</ IMPROVED_VARIABLE >",
    "<\\/IMPROVED_VARIABLE>",
    "&lt;/IMPROVED_VARIABLE&gt;",
)
_PIECES = (
    *TAGS,
    "\n",
    " ",
    "a",
    "and",
    ".",
    "```",
    "<think>",
    "</think>",
    "`",
    "B ",
    "&lt;",
    "\\",
    "<",
    ">",
    "|",
    "é",
    "\u200b",
)
_CHARACTERS = "aZ09 \t\n\r.,:;!?-+*/\\%$€^=()[]{}<>&|`'\"_~#@\x00\x1b\u200b\u2028\ufeff\ud83d\ude00é½²①١一百万點ß"
_NUMBERS = (
    "0",
    "1",
    "-1",
    "1.0",
    "0.5",
    "1e400",
    "-1e-9",
    "nan",
    "inf",
    "1_0",
    "١",
    "½",
    "²",
    "9" * 500,
    "0x1",
    "1,234",
    "+7",
    "",
)
_JUNK: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    3,
    10**400,
    1e308,
    float("nan"),
    float("inf"),
    "",
    " ",
    "x",
    "\ud800",
    "\x00",
    "9" * 99,
    [],
    {},
    [None],
    ["a", "b"],
    {"text": "a"},
    {"type": "text", "text": "a"},
    {"message": "no"},
    [[["a"]]],
    {"value": {"value": "b"}},
)
REASONS = (
    "stop",
    "length",
    "STOP",
    "max_tokens",
    "content_filter",
    "network_error",
    "tool_calls",
    "",
    None,
    "length ",
    "FINISH_REASON_STOP",
    "insufficient_system_resource",
    "长度",
    7,
    {},
    "eos",
    "stop\n",
    "error",
    "unknown",
    "null",
)
_HEADER_NAMES = (
    "retry-after",
    "retry-after-ms",
    "x-ratelimit-reset-after",
    "x-ratelimit-reset",
    "x-ratelimit-reset-tokens",
    "x-ratelimit-remaining-tokens",
    "x-ratelimit-reset-requests",
    "x-ratelimit-remaining-requests",
)
_HEADER_PIECES = (
    *_NUMBERS,
    "Fri, 31 Dec 9999 23:59:59 GMT",
    "Wed, 21 Oct 2015 07:28:00 GMT",
    "2026-13-45T99:00:00Z",
    "ms",
    "s",
    "m",
    "h",
    "d",
    "1h2m3.5s",
    ", ",
    " ",
    "soon",
    "9999999999",
    "86400",
    "GMT",
    "-",
    ":",
    "T",
    "Z",
)


def text(rng: random.Random, longest: int = 30) -> str:
    """Return random characters, among them control characters and unpaired surrogates."""
    return "".join(rng.choices(_CHARACTERS, k=rng.randrange(longest)))


def pieces(rng: random.Random) -> str:
    """Return a random sequence of tags, marks and letters."""
    return "".join(rng.choices(_PIECES, k=rng.randrange(20)))


def block(rng: random.Random) -> tuple[str, str, str]:
    """Return the opening tag, text and closing tag of a block, in any usual spelling."""
    inside = "\n".join(rng.choices(SENTENCES, k=rng.randint(1, 3)))
    return rng.choice(_OPENINGS) + "\n", inside, "\n" + rng.choice(_CLOSINGS)


def mentions(rng: random.Random) -> str:
    """Return sentences, thoughts and code that name the tags."""
    chosen = "\n\n".join(rng.choices(MENTIONS, k=rng.randrange(3)))
    return chosen.replace("[", TAGS[0]).replace("]", TAGS[1])


def number(rng: random.Random) -> str:
    """Return a text that is, or resembles, a number."""
    return rng.choice(
        (rng.choice(_NUMBERS), str(rng.randint(-(10**9), 10**9)), repr(rng.uniform(-1e6, 1e6)), text(rng, 6))
    )


def headers(rng: random.Random) -> dict[str, Any]:
    """Return headers of a response, with values in any form."""
    values = (
        "".join(rng.choices(_HEADER_PIECES, k=rng.randint(1, 3))),
        number(rng),
        text(rng),
        rng.choice(_JUNK),
        b"7\xff",
    )
    return {name: rng.choice(values) for name in rng.sample(_HEADER_NAMES, rng.randint(0, 4))}


def completion(rng: random.Random) -> dict[str, Any]:
    """Return a chat completion, of which some values may be replaced by junk."""
    message: dict[str, Any] = {
        "role": "assistant",
        "content": rng.choice(("Answer: 3", "", None, text(rng), pieces(rng))),
    }
    if rng.random() < 0.2:
        message[rng.choice(("reasoning_content", "refusal", "tool_calls", "thinking"))] = rng.choice(
            (*_JUNK, "Answer: 4")
        )
    body = {
        "choices": [{"index": 0, "finish_reason": rng.choice(REASONS), "message": message}],
        "usage": {"prompt_tokens": rng.choice((3, *_JUNK)), "completion_tokens": rng.choice((3, *_JUNK))},
    }
    if rng.random() < 0.1:
        body["error"] = rng.choice((*_JUNK, {"message": text(rng), "code": rng.choice(_JUNK)}))
    body = copy.deepcopy(body)
    for _ in range(rng.choice((0, 0, 1, 2))):
        damage(rng, body)
    return body


def damage(rng: random.Random, value: Any) -> None:
    """Replace or remove one value inside a JSON object."""
    while True:
        keys = list(value) if isinstance(value, dict) else list(range(len(value)))
        if not keys:
            return
        key = rng.choice(keys)
        if not isinstance(value[key], dict | list) or not value[key] or rng.random() < 0.3:
            break
        value = value[key]
    if isinstance(value, dict) and rng.random() < 0.3:
        del value[key]
    else:
        value[key] = copy.deepcopy(rng.choice(_JUNK))


def body(rng: random.Random) -> str:
    """Return the body of a response: JSON of a completion or an error, perhaps cut or with additions."""
    whole = json.dumps(completion(rng), ensure_ascii=rng.random() < 0.5)
    kind = rng.randrange(8)
    if kind == 0:
        return whole[: rng.randrange(len(whole))]
    if kind == 1:
        return text(rng, 80)
    if kind == 2:
        return json.dumps(rng.choice((*_JUNK, {"error": rng.choice(_JUNK)}, {"detail": [text(rng)]}, [whole])))
    if kind == 3:
        deep = rng.choice((10, 2000, 20_000))
        return rng.choice(("[" * deep, '{"choices":' * deep, whole[:-1] + ', "x": ' + "[" * deep + "]" * deep + "}"))
    return rng.choice((": keep-alive\n\n", "data: ", "\ufeff", "")) + whole if kind == 4 else whole


def data_line(rng: random.Random) -> str:
    """Return a line of a data file: a record, perhaps with junk, cut, or deeply nested."""
    record: dict[str, Any] = {
        "question": rng.choice(("What is 1 + 2?", text(rng))),
        "answer": rng.choice(("3", number(rng), 3, 2.5)),
    }
    for _ in range(rng.choice((0, 0, 1, 2))):
        damage(rng, record)
    if rng.random() < 0.2:
        record["extra"] = rng.choice(_JUNK)
    line = json.dumps(record, ensure_ascii=rng.random() < 0.5).replace("\n", " ")
    kind = rng.randrange(10)
    if kind == 0:
        return line[: rng.randrange(len(line))]
    if kind == 1:
        deep = rng.choice((50, 5000))
        return line[:-1] + ', "deep": ' + "[" * deep + "]" * deep + "}"
    return rng.choice(("\ufeff", "", " " * rng.randrange(3), "x")) + line if kind == 2 else line
