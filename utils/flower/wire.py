"""What travels between server and sites, and nothing else does: options, prompts, counts.

Values are those that Flower's ConfigRecord holds: numbers, texts, bytes and lists of them. Prompts go as bytes, as a
model may write what is no valid Unicode.
"""

import json
from typing import Any

from textgrad.errors import UsageError
from utils.config import SENT_TO_SITES, Config
from utils.federation.client import Step, Update
from utils.privacy.leak import Leak
from utils.privacy.leak_guard import GuardAction

Record = dict[str, Any]

RESULTS, ERROR = "FEDTEXTGRAD-RESULTS ", "FEDTEXTGRAD-ERROR "  # begin lines of the server's log for the launching side
_NO_REWRITE = -1.0


class Malformed(ValueError):
    """What a site sent is no upload."""


def run_options(config: Config) -> str:
    """The run's part of a site's configuration, as JSON."""
    return json.dumps({name: getattr(config, name) for name in SENT_TO_SITES})


def read_run_options(text: str) -> dict[str, Any]:
    """The options that a site takes from the run.

    Raises:
        UsageError: the run asks for one that is not the run's to decide.
    """
    options = json.loads(text)
    if strangers := sorted(set(options) - set(SENT_TO_SITES)):
        raise UsageError(f"the run asks for {', '.join(strangers)}, which a site decides itself")
    return options


def upload(update: Update) -> Record:
    """An update as a site sends it: the prompt, and of its steps only numbers. What it leaked stays at the site."""
    return {
        "started": update.started,
        "prompt": to_bytes(update.prompt),
        "guard": str(update.guard),
        "before": [step.before for step in update.steps],
        "after": [_NO_REWRITE if step.after is None else step.after for step in update.steps],
        "n": [step.n for step in update.steps],
        "accepted": [int(step.accepted) for step in update.steps],
        "train_questions": update.train_questions,
        "longest_run": update.leak.longest_run,
        "overlap": update.leak.overlap,
        "score": update.leak.score,
    }


def read_upload(record: Record, client: int) -> Update:
    """The update that a site sent.

    Args:
        record: as it came, from a site that may send anything.
        client: whose it is.

    Raises:
        Malformed: it is no upload.
    """
    try:
        rows = zip(record["before"], record["after"], record["n"], record["accepted"], strict=True)
        steps = tuple(_step(number, *row) for number, row in enumerate(rows, 1))
        leak = Leak(int(record["longest_run"]), _share(record["overlap"]), score=_share(record["score"]))
        questions = int(record.get("train_questions", 0))  # missing in the notes of earlier versions
        if questions < 0:
            raise ValueError("negative number of questions")
        return Update(
            client,
            str(record["started"]),
            to_text(record["prompt"]),
            steps,
            leak,
            GuardAction(record["guard"]),
            train_questions=questions,
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Malformed("no upload") from error


def _step(number: int, before: float, after: float, n: int, accepted: int) -> Step:
    after = None if after == _NO_REWRITE else _share(after)
    if n < 1 or accepted not in (0, 1) or (accepted and after is None):
        raise ValueError("no step")
    reason = "bad reply" if after is None else "rose" if after > before else "fell" if after < before else "stayed"
    return Step(number, _share(before), after, int(n), bool(accepted), reason, prompt="")


def _share(value: float) -> float:
    if not 0.0 <= value <= 1.0:
        raise ValueError("no share")
    return float(value)


def to_bytes(text: str) -> bytes:
    """A text on its way."""
    return text.encode("utf-8", "surrogatepass")


def to_text(data: bytes) -> str:
    """A text that has arrived."""
    return data.decode("utf-8", "surrogatepass")


def to_note(answer: Update | str) -> Any:
    """An answer of a round as the server's call log keeps it."""
    if isinstance(answer, str):
        return answer
    return {**upload(answer), "prompt": answer.prompt, "client": answer.client}


def from_note(note: Any) -> Update | str:
    """What `to_note` kept."""
    return note if isinstance(note, str) else read_upload({**note, "prompt": to_bytes(note["prompt"])}, note["client"])
