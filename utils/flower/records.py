"""Content of all messages between server and sites: options, prompts and counts.

Values have the types that Flower's ConfigRecord accepts: numbers, text, bytes, and lists of them. Prompts are sent as
bytes because a model may write text that is not valid Unicode.
"""

import json
import re
from typing import Any

from textgrad.errors import UsageError
from textgrad.numbers import Bounds, read_number
from utils.aggregation.client_scores import Counts, Vote
from utils.config import SENT_TO_SITES, Config
from utils.federation.update import NoUpload, Step, StepResult, Update, change
from utils.privacy.leak import Leak
from utils.privacy.leak_guard import GuardAction

Record = dict[str, Any]
_NO_REWRITE = -1.0  # encodes None in lists of numbers
_MANY = 1_000_000
_KIND = re.compile(r"[a-z ]{0,40}")
_COUNT, _SHARE = Bounds(int, 0, _MANY), Bounds(float, 0, 1)


class MalformedUpload(ValueError):
    """A site's record is not an upload, or not an answer about candidates."""


def encode_options(config: Config) -> str:
    """Return the options that the server decides for all sites, as JSON."""
    return json.dumps({name: getattr(config, name) for name in SENT_TO_SITES})


def decode_options(text: str) -> dict[str, Any]:
    """Return the options that a site takes from the server.

    Raises:
        UsageError: the server sent an option that each site decides itself.
    """
    options = json.loads(text)
    if not_allowed := sorted(set(options) - set(SENT_TO_SITES)):
        raise UsageError(
            f"the server sent {', '.join(not_allowed)}, which each site decides itself: "
            "use the same version of this program on all machines"
        )
    return options


def encode_update(update: Update) -> Record:
    """Return the record of an upload: the prompt and numbers. Texts of steps and leaks stay at the site."""
    return {
        "started": update.started,
        "prompt": encode_text(update.prompt),
        "guard": str(update.guard),
        "before": [step.before for step in update.steps],
        "after": [_NO_REWRITE if step.after is None else step.after for step in update.steps],
        "n": [step.n for step in update.steps],
        "result": [str(step.result) for step in update.steps],
        "kind": [step.kind for step in update.steps],
        "train_questions": update.train_questions,
        "longest_run": update.leak.longest_run,
        "overlap": update.leak.overlap,
        "score": update.leak.score,
    }


def decode_update(record: Record, client: int) -> Update:
    """Return the update in a site's record, which may contain anything.

    Args:
        record: as received.
        client: number of the client that sent it.

    Raises:
        MalformedUpload: the record is not an upload.
    """
    try:
        results = record["result"] if "result" in record else _old_results(record)
        kinds = record.get("kind", [""] * len(results))  # absent in call logs of earlier versions
        rows = zip(record["before"], record["after"], record["n"], results, kinds, strict=True)
        return Update(
            client,
            str(record["started"]),
            decode_text(record["prompt"]),
            tuple(_step(number, *row) for number, row in enumerate(rows, 1)),
            Leak(count(record["longest_run"]), _share(record["overlap"]), score=_share(record["score"])),
            GuardAction(record["guard"]),
            train_questions=count(record.get("train_questions", 0)),  # absent in call logs of earlier versions
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise MalformedUpload("not an upload") from error


def _old_results(record: Record) -> list[StepResult]:
    """Return the results in a call log of an earlier version, which only stored what was accepted."""
    rows = zip(record["after"], record["accepted"], strict=True)
    failed = (StepResult.REJECTED, StepResult.BAD_REPLY)
    return [StepResult.ACCEPTED if accepted else failed[after == _NO_REWRITE] for after, accepted in rows]


def _step(number: int, before: float, sent_after: float, n: int, sent_result: str, kind: str) -> Step:
    before, n, result = _share(before), count(n), StepResult(sent_result)
    after = None if sent_after == _NO_REWRITE else _share(sent_after)
    if n < 1 or not _KIND.fullmatch(kind) or (after is None) != (result is StepResult.BAD_REPLY):
        raise ValueError("not a step")
    reason = "" if after is None else change(before, after)
    return Step(number, before, after, n, result, reason, prompt="", kind=kind)


def encode_scores(answer: Counts | Vote) -> Record:
    """Return the record of a site's counts, or of its vote."""
    if isinstance(answer, Vote):
        return {"vote": answer.candidate}
    return {"right": [float(right) for right in answer.right], "n": answer.n}


def decode_scores(record: Record, candidates: int, votes: bool) -> Counts | Vote:
    """Return the answer in a site's record, which may contain anything.

    Args:
        record: as received.
        candidates: number of candidates that were sent.
        votes: True if the sites vote.

    Raises:
        MalformedUpload: the record is not such an answer.
    """
    try:
        if votes:
            return Vote(read_number("a vote", record["vote"], Bounds(int, 0, candidates - 1)))
        n = read_number("a number of questions", record["n"], Bounds(int, 1, _MANY))
        right = tuple(read_number("a number of right answers", each, Bounds(float, 0, n)) for each in record["right"])
    except (KeyError, TypeError, ValueError) as error:
        raise MalformedUpload("not an answer about candidates") from error
    if len(right) != candidates:
        raise MalformedUpload("not one number per candidate")
    return Counts(right, n)


def count(value: Any) -> int:
    """Return a number of questions, words, clients or rounds in a message.

    Raises:
        UsageError: it is not an integer, or is out of range.
    """
    return read_number("a number in a message", value, _COUNT)


def _share(value: Any) -> float:
    return read_number("a number in a message", value, _SHARE)


def encode_text(text: str) -> bytes:
    """Return the bytes of a text, which need not be valid Unicode."""
    return text.encode("utf-8", "surrogatepass")


def decode_text(data: bytes) -> str:
    """Return the text of `encode_text`."""
    return data.decode("utf-8", "surrogatepass")


def to_metadata(answer: Update | Counts | Vote | NoUpload) -> Any:
    """Return a site's answer as the server's call log stores it."""
    if isinstance(answer, NoUpload):
        return str(answer)
    if isinstance(answer, Update):
        return {**encode_update(answer), "prompt": answer.prompt, "client": answer.client}
    return encode_scores(answer)


def from_metadata(stored: Any) -> Update | NoUpload:
    """Return the answer to a prompt that `to_metadata` stored."""
    if isinstance(stored, str):
        return NoUpload.from_text(stored)
    return decode_update({**stored, "prompt": encode_text(stored["prompt"])}, stored["client"])


def scores_from_metadata(stored: Any, candidates: int, votes: bool) -> Counts | Vote | NoUpload:
    """Return the answer about candidates that `to_metadata` stored; see `decode_scores`."""
    return NoUpload.from_text(stored) if isinstance(stored, str) else decode_scores(stored, candidates, votes)
