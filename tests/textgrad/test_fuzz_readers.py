"""Every reader of outside input, with generated inputs: no exception, and no half answer that counts.

By default each reader gets 300 inputs. For more: FEDTEXTGRAD_FUZZ=20000 FEDTEXTGRAD_FUZZ_SEED=1 pytest -s (this file).
An input depends only on reader, seed and number; a failure names all three.
"""

import contextlib
import math
import os
import random
import time
import unicodedata

import fuzz_inputs as make
import pytest

from textgrad.engine.protocol.errors import ApiError, RequestContext, read_response
from textgrad.engine.protocol.messages import read_completion
from textgrad.engine.protocol.retry_after import LONGEST_WAIT, retry_after
from textgrad.engine.reply import Flaw, Text
from textgrad.errors import BadReply, BrokenSystem, ContextExceeded, TransientError, UsageError
from textgrad.numbers import Bounds, read_number
from textgrad.tagged import MissingTags, between, find_blocks
from textgrad.tasks.records import from_jsonl
from textgrad.tasks.scoring import answers, latex
from textgrad.tasks.scoring.verdict import end_with_verdict, read_verdict

COUNT = int(os.environ.get("FEDTEXTGRAD_FUZZ") or 300)
SEED = int(os.environ.get("FEDTEXTGRAD_FUZZ_SEED") or 1)
CONTEXT = RequestContext("m", "http://host/v1", "OPENAI_API_KEY", ("the-secret",))
SENT = [{"role": "system", "content": "S"}, {"role": "user", "content": "U"}]
REQUEST = {"messages": SENT, "max_tokens": 2000, "temperature": 0.0, "top_p": 0.99, "seed": 1}
COMPLETE = ("stop", "STOP", "stop\n", "FINISH_REASON_STOP", "eos", "", " ", None)
SCORERS = (answers.number, answers.exact, answers.choice, answers.boolean, answers.words, answers.brackets)


def check_tags(rng, path):
    """A whole block is found among mentions; one that is cut before its closing tag is not."""
    opening, inside, closing = make.block(rng)
    before, after = (make.mentions(rng) for _ in range(2))
    whole = f"{before}\n\n{opening}{inside}{closing}\n\n{after}"
    assert between(whole, make.TAGS) == inside
    half = opening + (inside + closing)[: rng.randrange(len(inside + closing))]
    with pytest.raises(MissingTags):
        between(half, make.TAGS)
    anything = make.pieces(rng)
    for found in find_blocks(anything, make.TAGS, short=rng.random() < 0.5):
        assert found.text.strip() and 0 <= found.start < found.end <= len(anything)


def check_verdict(rng, path):
    """Only 1 and 0 are verdicts; a cut reply, another number or text is none."""
    value, text = rng.choice("01"), make.text(rng).replace("<", "").replace("&", "")
    whole = f"{text}\n<ACCURACY>{value}</ACCURACY>"
    assert read_verdict(whole) == value == read_verdict(end_with_verdict(whole))
    with pytest.raises(BadReply):
        read_verdict(whole[: len(whole) - rng.randint(1, 11)])
    other = rng.choice(
        (str(rng.uniform(0.001, 0.999)), str(rng.randint(2, 10**6)), "1 or 0", "maybe", "1/0", "not 1", "0.1")
    )
    with pytest.raises(BadReply):
        read_verdict(f"{text}\n<ACCURACY>{other}</ACCURACY>")
    anything = f"<ACCURACY>{make.number(rng)}{make.pieces(rng)}</ACCURACY>{make.pieces(rng)}"
    with contextlib.suppress(BadReply):
        assert read_verdict(anything) in ("0", "1")


def check_answers(rng, path):
    """A number scores if it is equal; a truncated one never does, even if what is left of it is right."""
    gold, other = rng.randint(10, 10**6), rng.randint(10, 10**6)
    form = rng.choice(("Answer: {}", "So the answer is {}.", "Final answer: **{}**", "\\boxed{{{}}}", "Answer: ${:,}"))
    work = make.text(rng).replace("\\", "").replace("{", "") + "\n\n"
    assert answers.number(work + form.format(gold), str(gold)) == 1
    assert answers.number(work + form.format(other), str(gold)) == int(gold == other)
    digits = str(gold)[: rng.randrange(1, len(str(gold)))]
    assert answers.number(Text(f"{rng.choice(make.SENTENCES)}\nAnswer: {digits}", Flaw.TRUNCATED), digits) == 0
    reply = rng.choice((make.pieces(rng), make.text(rng), make.number(rng))) + make.text(rng)
    answer = rng.choice((make.number(rng), make.text(rng), "(A)", "yes", "a b", "( [ ] )"))
    for scorer in SCORERS:
        for flaw in (None, Flaw.TRUNCATED):
            assert scorer(Text(reply, flaw), answer) in (0, 1)
        assert scorer(Text("", Flaw.EMPTY), answer) == 0
    assert latex.equivalent(reply, answer) in (True, False)


def check_headers(rng, path):
    """A requested wait is bounded, or ignored."""
    seconds = retry_after(make.headers(rng))
    assert seconds is None or (math.isfinite(seconds) and 0 <= seconds <= LONGEST_WAIT)


def check_response(rng, path):
    """A response is a reply or one of our errors, in one line; a half reply has a flaw."""
    status, text = rng.choice((200, 200, 200, 400, 401, 404, 422, 429, 499, 500, 503, 599)), make.body(rng)
    found = read_response(status, make.headers(rng), text)
    if isinstance(found, ApiError):
        assert found.refused_parameter(REQUEST) in (None, "system", "max_tokens", "temperature", "top_p", "seed")
        room, error = found.room_for_reply(), found.error(CONTEXT)
        assert room is None or 0 < room < 10**9
        assert isinstance(error, TransientError | BrokenSystem | ContextExceeded)
        assert "\n" not in str(error) and len(str(error)) < 1000
        return
    try:
        reply = read_completion(found, SENT)
    except TransientError as error:
        assert error.malformed
        return
    reply.text.encode()
    assert all("\n" not in remark for remark in reply.remarks)
    assert 0 <= (reply.prompt_tokens or 0) < 2**63 and 0 <= (reply.completion_tokens or 0) < 2**63
    choice = found["choices"][0]
    if reply.flaw is None:
        assert reply.text.strip() and choice.get("finish_reason") in COMPLETE and not choice["message"].get("refusal")


def check_data_line(rng, path):
    """A line is a record of normalized texts, or is refused in one line that names its number."""
    good = '{"question": "What is 1 + 2?", "answer": "3"}'
    path.write_text(f"{good}\n{make.data_line(rng)}\n", encoding="utf-8", errors="surrogatepass")
    try:
        records = from_jsonl(path, ("question", "answer"))
    except UsageError as error:
        assert str(path) in str(error) and "\n" not in str(error) and len(str(error)) < 1000
        assert "line 2" in str(error) or "UTF-8" in str(error)
        return
    assert len(records) in (1, 2)
    for value in (record[name] for record in records for name in ("question", "answer")):
        if isinstance(value, str):
            value.encode()
            assert value.strip() and unicodedata.is_normalized("NFC", value) and "\ufeff" not in value
        else:
            assert not isinstance(value, bool) and (isinstance(value, int) or math.isfinite(value))


def check_number(rng, path):
    """An option is a number in its bounds, or is refused in one line that names them."""
    bounds = rng.choice((Bounds(int, 1, 10**6), Bounds(float, None, 1, above=0), Bounds(float, -5, 5, or_zero=True)))
    value = rng.choice(
        (make.number(rng), make.text(rng), rng.randint(-9, 9), rng.uniform(-9, 9), 10**400, math.nan, None, True)
    )
    try:
        number = read_number("--n", value, bounds)
    except UsageError as error:
        assert f"it must be {bounds}" in str(error) and "\n" not in str(error) and len(str(error)) < 200
    else:
        assert type(number) is bounds.kind and number in bounds and math.isfinite(number)


CHECKS = {
    "tags": check_tags,
    "verdict": check_verdict,
    "answers": check_answers,
    "headers": check_headers,
    "response": check_response,
    "data line": check_data_line,
    "number": check_number,
}


@pytest.mark.parametrize("reader", CHECKS)
def test_any_generated_input_is_read_or_refused_and_half_answers_never_count(reader, tmp_path):
    started = time.monotonic()
    for number in range(COUNT):
        try:
            CHECKS[reader](random.Random(f"{reader} {SEED} {number}"), tmp_path / "data.jsonl")
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # pytest.raises and native code raise others than Exception
            pytest.fail(f"{reader}, seed {SEED}, input {number}: {type(error).__name__}: {error}"[:3000])
    print(f"fuzz: {reader}: {COUNT} inputs, seed {SEED}, {time.monotonic() - started:.1f} s")
