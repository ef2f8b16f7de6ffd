"""A client: one owner of private data and of its own copy of the prompt, which it improves by textual gradients.

Paper, Algorithm 1: from the prompt it is sent, for every local step a client draws a minibatch, answers it, has the
answers judged and criticized, carries the criticism back to the prompt, has the prompt rewritten, answers the SAME
minibatch again, and keeps the rewrite by the accept rule. It uploads the prompt only.
"""

import functools
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import textgrad as tg
from textgrad.concurrency import current_scope, deadline_passed, fan_out, scope, use_scope
from textgrad.engine.base import EngineLM
from textgrad.errors import BadReply
from utils.aggregation.upload import Upload
from utils.federation.acceptance import acceptance_rule
from utils.federation.evaluation import Sample, answer, prompt_id, too_long, verdict
from utils.privacy.leak import Leak, PrivateTexts
from utils.privacy.leak_guard import GuardAction, guard

PROMPT_ROLE = "system prompt that tells a language model how to work on the questions it is given"


@dataclass(frozen=True)
class Step:
    """What one local step did.

    Attributes:
        number: 1, 2, ... within the round.
        before, after: share of the minibatch answered rightly under the old and the new prompt, in [0, 1]; `after`
            is None where there was no rewrite to answer under, and 1 for a batch that was left alone as it was solved.
        n: questions in the minibatch.
        accepted: whether the rewrite was kept.
        reason: why, in a few words.
        prompt: the client's prompt after the step; "" where it stays on another machine.
        rewrite: what the optimizer wrote, accepted or not; "" where there was no rewrite.
    """

    number: int
    before: float
    after: float | None
    n: int
    accepted: bool
    reason: str
    prompt: str
    rewrite: str = ""

    @property
    def solved(self) -> bool:
        """True for a batch that was all right and left alone; else a rewrite that keeps it all right is accepted."""
        return self.before == self.after == 1.0 and not self.accepted


@dataclass(frozen=True)
class Update:
    """What a client sends back (prompt and counts) and what its own log keeps (steps).

    Attributes:
        client: its number.
        started: id of the prompt its first step started from.
        prompt: the upload after the leak guard.
        steps: every local step, in order.
        leak: what the trained prompt would have revealed of the client's data.
        guard: action of the leak guard.
        thrown_away: answers that were asked for ahead of time, under rewrites that were then rejected.
        train_questions: number of the client's training questions; 0 if unknown.
    """

    client: int
    started: str
    prompt: str
    steps: tuple[Step, ...]
    leak: Leak = Leak()
    guard: GuardAction = GuardAction.NONE
    thrown_away: int = 0
    train_questions: int = 0

    def as_upload(self) -> Upload:
        """Return the prompt with its counts, as aggregators get it."""
        asked = sum(step.n for step in self.steps)
        before = sum(step.n * step.before for step in self.steps)
        after = sum(
            step.n * (step.before if step.after is None or not step.accepted else step.after) for step in self.steps
        )
        return Upload(
            client=self.client,
            prompt=self.prompt,
            n=self.train_questions,
            accuracy_before=before / asked if asked else None,
            accuracy_after=after / asked if asked else None,
            accepted=self.accepted,
        )

    @property
    def accepted(self) -> int:
        """How many rewrites were kept."""
        return sum(step.accepted for step in self.steps)


class LateClient(Exception):
    """The round went on without this client."""


@dataclass
class Client:
    """One client.

    Args:
        number: 0, 1, ...
        samples: its private training questions, at least one.
        engine: the model whose prompt is trained.
        critic: the model that judges, criticizes and rewrites.
        batch_size: questions a step, >= 1.
        local_steps: steps a round, >= 1.
        accept: name of an acceptance rule, see `utils.federation.acceptance`.
        seed: of its draws; they depend on seed, client and step alone, so a restarted client draws the same.
        leak_guard: mode of `utils.privacy.leak_guard.guard`, applied to uploads. Local steps are unguarded, and the
            local log keeps them unchanged: in a simulation that log is on the same machine as all others.
        public: what everybody knows: descriptions and answer formats of the tasks.
        skip_solved: True to criticize wrong answers only, and to leave a batch alone that is all right.
        speculate: True to answer the next batch under a rewrite while it is not yet known whether that is kept. Nothing
            but time depends on it: the answers are found in the call log when they are due.
    """

    number: int
    samples: Sequence[Sample]
    engine: EngineLM
    critic: EngineLM
    batch_size: int
    local_steps: int
    accept: str = "not_worse"
    seed: int = 0
    leak_guard: str = "off"
    public: str = ""
    skip_solved: bool = False
    speculate: bool = False
    on_step: Callable[[int, int, Step], None] = field(default=lambda round_number, client, step: None)

    def train(self, prompt: str, round_number: int) -> Update:
        """Improves a prompt by exactly `local_steps` local steps.

        Args:
            prompt: where it starts from.
            round_number: 1, 2, ...

        Raises:
            LateClient: the round's deadline passed.
        """
        broadcast, steps, thrown_away = prompt, [], 0
        for number in range(1, self.local_steps + 1):
            if deadline_passed():
                raise LateClient(f"client {self.number} passed the deadline of round {round_number}")
            coming = self._ahead(round_number, number + 1)
            with scope(step=number):
                step = self._step(prompt, self._batch_of(round_number, number), number, coming)
            if step.rewrite and not step.accepted:
                thrown_away += len(coming)
            self.on_step(round_number, self.number, step)
            steps.append(step)
            prompt = step.prompt
        sent, leak, action = guard(prompt, broadcast, self._private, self.leak_guard, self.public)
        return Update(
            self.number, prompt_id(broadcast), sent, tuple(steps), leak, action, thrown_away, len(self.samples)
        )

    @functools.cached_property
    def _private(self) -> PrivateTexts:
        """Its questions and answers, prepared once for all rounds."""
        return PrivateTexts(text for sample in self.samples for text in (sample.question, sample.answer))

    def batch(self, index: int) -> list[Sample]:
        """The minibatch of the client's step `index` (0, 1, ... over the whole run): shuffled passes over its data.

        A remainder too small for a batch is left for the next pass; data smaller than a batch is one batch.
        """
        size = min(self.batch_size, len(self.samples))
        lap, position = divmod(index, len(self.samples) // size)
        order = list(range(len(self.samples)))
        random.Random(f"batches {self.seed} {self.number} {lap}").shuffle(order)
        return [self.samples[chosen] for chosen in order[position * size : (position + 1) * size]]

    def _batch_of(self, round_number: int, step: int) -> list[Sample]:
        return self.batch((round_number - 1) * self.local_steps + step - 1)

    def _ahead(self, round_number: int, step: int) -> list[Callable[[str], object]]:
        """What asks a coming step's questions under a prompt, at the place where that step will ask them again."""
        if not self.speculate or step > self.local_steps:
            return []

        def asks(where: tuple, sample: Sample, prompt: str) -> str:
            with use_scope(where):
                return answer(self.engine, prompt, sample)

        first = (*current_scope(), ("step", step), ("answers", "before"))
        return [
            functools.partial(asks, (*first, ("item", index)), sample)
            for index, sample in enumerate(self._batch_of(round_number, step))
        ]

    def _step(self, prompt: str, batch: list[Sample], number: int, coming: list[Callable[[str], object]]) -> Step:
        variable = tg.Variable(prompt, role_description=PROMPT_ROLE, requires_grad=True)
        losses = self._losses(variable, batch)
        before = sum(correct for _, correct, _ in losses) / len(batch)
        if self.skip_solved and before == 1.0:
            return Step(number, before, before, len(batch), False, "solved: left alone", prompt)
        try:
            self._rewrite(variable, [loss for loss, correct, _ in losses if not (self.skip_solved and correct)])
        except BadReply as problem:
            return Step(number, before, None, len(batch), False, f"bad reply: {problem}", prompt)
        rewritten = variable.get_value()
        again = [functools.partial(verdict, self.engine, sample=sample) for sample in batch]
        with scope(answers="after"):
            answers = fan_out(lambda ask: ask(prompt=rewritten), [*again, *coming])[: len(batch)]
        after = sum(correct for correct, _ in answers) / len(batch)
        if any(new and not old for (_, new), (_, _, old) in zip(answers, losses, strict=True)):
            return Step(number, before, after, len(batch), False, "too long for the model's context", prompt, rewritten)
        accepted = acceptance_rule(self.accept)(
            [correct for _, correct, _ in losses], [correct for correct, _ in answers]
        )
        reason = "rose" if after > before else "fell" if after < before else "stayed"
        return Step(number, before, after, len(batch), accepted, reason, rewritten if accepted else prompt, rewritten)

    def _losses(self, variable: tg.Variable, batch: list[Sample]) -> list[tuple[tg.Variable, int, bool]]:
        """For each question its loss, whose graph reaches back to the prompt, 1 where the answer is right, and whether
        the request was too long."""
        model = tg.BlackboxLLM(self.engine, system_prompt=variable)

        def loss_of(sample: Sample) -> tuple[tg.Variable, int, bool]:
            query, question, truth = (
                tg.Variable(text, requires_grad=False, role_description=role)
                for text, role in (
                    (
                        sample.task.query(sample.question),
                        "question to the language model, with the wanted form of the answer",
                    ),
                    (sample.question, "question to the language model"),
                    (sample.answer, "right answer to the question"),
                )
            )
            reply = model(query)
            loss = sample.task.loss(question, reply, truth)
            return loss, sample.task.verdict(loss), too_long(reply.value)

        with scope(answers="before"):
            return fan_out(loss_of, batch)

    def _rewrite(self, variable: tg.Variable, losses: list[tg.Variable]) -> None:
        optimizer = tg.TGD(parameters=[variable], engine=self.critic)
        optimizer.zero_grad()
        tg.sum(losses).backward(engine=self.critic)
        optimizer.step()
