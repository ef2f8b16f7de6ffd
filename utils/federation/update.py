"""The result of a client's local training: its steps and its upload, or the reason for a missing upload."""

from dataclasses import dataclass
from enum import StrEnum

from utils.aggregation.upload import Upload
from utils.privacy.leak import Leak
from utils.privacy.leak_guard import GuardAction


class StepResult(StrEnum):
    """What became of a local step. The values are part of the logs."""

    ACCEPTED = "accepted"
    """The acceptance rule kept the rewrite."""
    REJECTED = "rejected"
    """The acceptance rule, or the model's context, rejected the rewrite."""
    UNCHANGED = "unchanged"
    """The rewrite was the old prompt."""
    SOLVED = "solved"
    """Every answer was right, and --skip_solved skipped the minibatch."""
    BAD_REPLY = "bad reply"
    """No usable rewrite arrived."""


@dataclass(frozen=True)
class Step:
    """One local step.

    Attributes:
        number: 1, 2, ... within the round.
        before: accuracy on the minibatch under the old prompt, in [0, 1].
        after: accuracy on the same minibatch under the rewrite; None without a usable rewrite; as `before` if the
            prompt did not change.
        n: questions in the minibatch.
        result: what became of the step.
        reason: for the result, in a few words.
        prompt: the client's prompt after the step; "" for a client on another machine.
        rewrite: the optimizer's best rewrite, accepted or not; "" if there was none.
        proposals: number of rewrites tried on the minibatch.
        kind: of the bad reply, in one or two words; "" for another result.
    """

    number: int
    before: float
    after: float | None
    n: int
    result: StepResult
    reason: str
    prompt: str
    rewrite: str = ""
    proposals: int = 0
    kind: str = ""

    @property
    def accepted(self) -> bool:
        """True if the rewrite was kept."""
        return self.result is StepResult.ACCEPTED

    @property
    def decided(self) -> bool:
        """True if there was a change to keep or to reject: neither skipped nor unchanged."""
        return self.result not in (StepResult.SOLVED, StepResult.UNCHANGED)


def change(before: float, after: float) -> str:
    """Return the change of accuracy as a word: "rose", "fell" or "stayed"."""
    return "rose" if after > before else "fell" if after < before else "stayed"


@dataclass(frozen=True)
class Update:
    """The result of one round of local training. The prompt and counts are uploaded; the steps' texts are not.

    Attributes:
        client: its number.
        started: id of the prompt that training started from.
        prompt: the upload after the leak guard.
        steps: all local steps, in order.
        leak: private data in the trained prompt, before the guard.
        guard: action of the leak guard.
        train_questions: number of the client's training questions; 0 if unknown.
        own_section: the client's own section of the prompt, which is not uploaded; see `utils.federation.personal`.
    """

    client: int
    started: str
    prompt: str
    steps: tuple[Step, ...]
    leak: Leak = Leak()
    guard: GuardAction = GuardAction.NONE
    train_questions: int = 0
    own_section: str = ""

    def as_upload(self) -> Upload:
        """Return the prompt with its counts, as aggregators get it."""
        n = sum(step.n for step in self.steps)
        before = sum(step.n * step.before for step in self.steps)
        after = sum(
            step.n * (step.before if step.after is None or not step.accepted else step.after) for step in self.steps
        )
        return Upload(
            client=self.client,
            prompt=self.prompt,
            n=self.train_questions,
            accuracy_before=before / n if n else None,
            accuracy_after=after / n if n else None,
            accepted=self.accepted,
        )

    @property
    def accepted(self) -> int:
        """Number of rewrites that were kept."""
        return sum(step.accepted for step in self.steps)


class NoUploadReason(StrEnum):
    """Why a participating client has no upload. The values are part of the logs."""

    LATE = "late"
    FAILED = "failed"
    DROPPED_OUT = "dropped out (injected)"


@dataclass(frozen=True)
class NoUpload:
    """A missing upload; as text it is the entry in the logs, such as "failed: ValueError: no disk".

    Attributes:
        reason: late, failed or dropped out.
        kind: type of the failure; never private data.
        message: text of the failure, which stays on the client's machine.
    """

    reason: NoUploadReason
    kind: str = ""
    message: str = ""

    def __str__(self) -> str:
        return ": ".join(filter(None, (self.reason, self.kind, self.message)))

    @classmethod
    def from_text(cls, text: str) -> "NoUpload":
        """Return the object of an entry in the call log; inverse of `str`."""
        reason, _, rest = text.partition(": ")
        kind, _, message = rest.partition(": ")
        return cls(NoUploadReason(reason), kind, message)
