"""A client owns private data and improves its copy of the prompt with textual gradients.

Paper, Algorithm 1. For each local step, the client draws a minibatch, answers it, lets an LLM judge and criticize the
answers, backpropagates the feedback to the prompt and lets the optimizer rewrite the prompt. Then it answers the same
minibatch under the rewrite, and keeps the rewrite if the acceptance rule says so. It uploads only the prompt, and with
a personal layer only its shared section.
"""

import functools
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import fsum
from typing import NamedTuple

import textgrad as tg
from textgrad.concurrency import current_scope, deadline_passed, fan_out, scope
from textgrad.engine.base import EngineLM
from textgrad.errors import BadReply
from textgrad.optimizer import Example, TextualGradientDescent
from textgrad.style import Style, current_style, use_style
from textgrad.tokens import check_length, estimate_tokens
from textgrad.trace import about, purpose
from utils.aggregation.client_scores import Counts
from utils.federation.acceptance import acceptance_rule
from utils.federation.evaluation import Outcome, Sample, outcome_of, prompt_id, too_long
from utils.federation.paraphrase import paraphrase
from utils.federation.personal import Section, sections_of
from utils.federation.rewrite_checks import check_rewrite
from utils.federation.update import Step, StepResult, Update, change
from utils.privacy.leak import PrivateTexts
from utils.privacy.leak_guard import guard


class LateClient(Exception):
    """The client missed the deadline of the round, which continues without it."""


class _Judged(NamedTuple):
    """One answer under the old prompt: its loss, with a graph back to the prompt, and its outcome."""

    sample: Sample
    reply: str
    loss: tg.Variable
    outcome: Outcome

    @property
    def example(self) -> Example:
        feedback = self.sample.task.feedback(self.loss)
        return Example(self.sample.question, self.sample.answer, self.reply, float(self.outcome.correct), feedback)


class _Trial(NamedTuple):
    """One rewrite and the outcomes of the minibatch under it."""

    rewrite: str
    outcomes: list[Outcome]

    @property
    def correct(self) -> float:
        return fsum(outcome.correct for outcome in self.outcomes)

    def fits_context(self, before: Sequence[Outcome]) -> bool:
        """Return False if a question exceeds the model's context under the rewrite but not under the old prompt."""
        return not any(new.too_long and not old.too_long for new, old in zip(self.outcomes, before, strict=True))


class _MoreQuestions:
    """The questions that an acceptance rule may add; see `utils.federation.acceptance.MoreQuestions`."""

    def __init__(self, samples: list[Sample], compare: Callable[[Sequence[Sample]], list[tuple[float, float]]]):
        self._samples, self._compare = samples, compare

    @property
    def left(self) -> int:
        return len(self._samples)

    def __call__(self, count: int | None = None) -> list[tuple[float, float]]:
        count = len(self._samples) if count is None else count
        asked, self._samples = self._samples[:count], self._samples[count:]
        return self._compare(asked) if asked else []


@dataclass
class Client:
    """One client.

    Args:
        number: 0, 1, ...
        samples: its private training questions, at least one.
        engine: the LLM whose prompt is trained.
        critic: the LLM that judges, criticizes and rewrites.
        batch_size: questions per step, >= 1.
        local_steps: steps per round, >= 1.
        make_optimizer: called as `make_optimizer(parameters=[variable], engine=critic)`, once per round.
        batches: "epochs" or "replacement", see `batch`.
        rewrite_checks: False to try every rewrite, see `utils.federation.rewrite_checks`.
        accept: name of an acceptance rule, see `utils.federation.acceptance`.
        accept_size: further questions per step that the rule may ask, >= 0.
        prompt_budget: maximum estimated tokens of a rewrite, whatever the optimizer; None for no limit.
        seed: determines minibatches together with client and step; a restarted client draws the same ones.
        leak_guard: mode of `utils.privacy.leak_guard.guard`, applied to uploads. Local steps are unguarded, and the
            log keeps them unchanged: in a simulation, all clients share one machine.
        public: text that cannot leak: descriptions and answer formats of the tasks.
        skip_solved: True to criticize wrong answers only, and to skip a minibatch whose answers are all right.
        style: style of requests to the critic and the optimizer, see `textgrad.style.Style`.
        personal_layer: True to train a section of the prompt that stays with the client, see
            `utils.federation.personal`.
        validation: its private validation questions, which score candidates; see `score`.
        on_step: called with round, client and step after each step.

    Attributes:
        own_section: the client's own section of the prompt; the server's loop sets it when the upload counts.
    """

    number: int
    samples: Sequence[Sample]
    engine: EngineLM
    critic: EngineLM
    batch_size: int
    local_steps: int
    make_optimizer: Callable[..., TextualGradientDescent] = tg.TGD
    batches: str = "epochs"
    rewrite_checks: bool = True
    accept: str = "not_worse"
    accept_size: int = 0
    prompt_budget: int | None = None
    seed: int = 0
    leak_guard: str = "off"
    public: str = ""
    skip_solved: bool = False
    style: str = "long"
    personal_layer: bool = False
    validation: Sequence[Sample] = ()
    own_section: str = field(default="", init=False)
    on_step: Callable[[int, int, Step], None] = field(default=lambda round_number, client, step: None)

    def train(self, prompt: str, round_number: int) -> Update:
        """Improve a prompt by exactly `local_steps` local steps.

        Args:
            prompt: the broadcast prompt.
            round_number: 1, 2, ...

        Raises:
            LateClient: the deadline of the round has passed.
        """
        with use_style(Style(self.style)):
            return self._train(prompt, round_number)

    def _train(self, prompt: str, round_number: int) -> Update:
        make_optimizer = functools.partial(self.make_optimizer, engine=self.critic)
        sections = sections_of(prompt, self.own_section, self.personal_layer, make_optimizer)
        for section in sections:
            section.optimizer.token_budget = self.prompt_budget
        steps: list[Step] = []
        for number in range(1, self.local_steps + 1):
            if deadline_passed():
                raise LateClient(f"client {self.number} missed the deadline of round {round_number}")
            index = (round_number - 1) * self.local_steps + number - 1
            with scope(step=number):
                step = self._step(sections[index % len(sections)], self.batch(index), number)
            self.on_step(round_number, self.number, step)
            steps.append(step)
        shared, own = str(sections[0].shared.value), str(sections[0].own.value)
        rewrite = functools.partial(paraphrase, self.critic, self.prompt_budget)
        with scope(guard=True):
            upload, leak, action = guard(shared, prompt, self._private_texts, self.leak_guard, self.public, rewrite)
        return Update(
            client=self.number,
            started=prompt_id(prompt),
            prompt=upload,
            steps=tuple(steps),
            leak=leak,
            guard=action,
            train_questions=len(self.samples),
            own_section=own,
        )

    def score(self, prompts: Sequence[str], width: int) -> Counts:
        """Answer the validation questions, at least one, under each candidate.

        Args:
            prompts: k candidates.
            width: maximum number of questions in flight per candidate.
        """

        def right(number: int) -> float:
            with scope(candidate=number):
                ask = functools.partial(outcome_of, self.engine, prompts[number])
                return fsum(outcome.correct for outcome in fan_out(ask, self.validation, width=width))

        with scope(scores="candidate"):
            return Counts(tuple(fan_out(right, range(len(prompts)))), len(self.validation))

    @functools.cached_property
    def _private_texts(self) -> PrivateTexts:
        """The client's questions and answers, prepared once for all rounds."""
        return PrivateTexts(text for sample in self.samples for text in (sample.question, sample.answer))

    def batch(self, index: int) -> list[Sample]:
        """Return the minibatch of the client's step `index` (0, 1, ... over the whole run).

        With "epochs", each epoch shuffles the data again and drops an incomplete last minibatch. With fewer questions
        than `batch_size`, every minibatch holds all of them. With "replacement", all `batch_size` questions are drawn
        independently, so that one may occur twice (paper, section 3.1).
        """
        if self.batches == "replacement":
            return random.Random(f"draws {self.seed} {self.number} {index}").choices(self.samples, k=self.batch_size)
        size = min(self.batch_size, len(self.samples))
        epoch, position = divmod(index, len(self.samples) // size)
        order = list(range(len(self.samples)))
        random.Random(f"batches {self.seed} {self.number} {epoch}").shuffle(order)
        return [self.samples[chosen] for chosen in order[position * size : (position + 1) * size]]

    def _step(self, section: Section, batch: list[Sample], number: int) -> Step:
        prompt, n = section.prompt_with(section.text), len(batch)
        section.optimizer.zero_grad()
        judged = self._judge(section.prompt(), batch)
        before = fsum(each.outcome.correct for each in judged) / n
        if self.skip_solved and before == 1.0:
            return Step(number, before, before, n, StepResult.SOLVED, "", prompt)
        try:
            rewrites = self._propose(section.optimizer, judged, section.text)
        except BadReply as error:
            return Step(number, before, None, n, StepResult.BAD_REPLY, str(error), prompt, kind=error.kind)
        changed = {section.prompt_with(rewrite): rewrite for rewrite in rewrites if rewrite != section.text}
        if not changed:
            return Step(number, before, before, n, StepResult.UNCHANGED, "", prompt)
        trials = self._run_trials(list(changed), batch)
        for trial in trials:
            section.optimizer.observe_trial(changed[trial.rewrite], trial.correct / n)
        step = self._accept_or_reject(trials, [each.outcome for each in judged], number, prompt, batch)
        if step.accepted:
            section.variable.set_value(changed[step.prompt])
        return step

    def _propose(self, optimizer: TextualGradientDescent, judged: list[_Judged], text: str) -> list[str]:
        """Return the optimizer's rewrites within the prompt budget, after a backward pass if it needs one.

        Raises:
            BadReply: no usable rewrite arrived.
        """
        examples = [each.example for each in judged]
        check = functools.partial(check_rewrite, prompt=text, examples=examples) if self.rewrite_checks else str
        optimizer.observe(examples, [(each.question, each.answer) for each in self._shuffled], check)
        if optimizer.needs_gradients:
            losses = [each.loss for each in judged if not (self.skip_solved and each.outcome.correct == 1)]
            tg.sum(losses).backward(engine=self.critic)
            current_style().adapt()
        (rewrites,) = optimizer.proposals()
        limit = self.prompt_budget
        return [text for text in rewrites if limit is None or estimate_tokens(text) <= limit] or [
            check_length(rewrites[0], limit)
        ]

    @functools.cached_property
    def _shuffled(self) -> list[Sample]:
        order = list(self.samples)
        random.Random(f"order {self.seed} {self.number}").shuffle(order)
        return order

    def _judge(self, prompt: tg.Variable, batch: list[Sample]) -> list[_Judged]:
        """Answer a minibatch under the old prompt, with a loss per answer."""
        model = tg.BlackboxLLM(self.engine, system_prompt=prompt)

        def judge(sample: Sample) -> _Judged:
            role = "question to the language model"
            question = _constant(sample.question, role)
            form = ", with the wanted form of the answer" if sample.task.answer_format else ""
            query = _constant(sample.task.query(sample.question), role + form)
            truth = _constant(sample.answer, "right answer to the question")
            with about(sample) as subject:
                with purpose("answer"):
                    reply = model(query)
                loss = sample.task.loss(question, reply, truth)
                subject.score = sample.task.verdict(loss)
            return _Judged(sample, reply.value, loss, Outcome(subject.score, too_long(reply.value)))

        with scope(answers="before"):
            return fan_out(judge, batch)

    def _run_trials(self, rewrites: list[str], batch: list[Sample]) -> list[_Trial]:
        """Answer the minibatch under each rewrite, concurrently."""
        pairs = [(rewrite, sample) for rewrite in rewrites for sample in batch]
        with scope(answers="after"):
            outcomes = fan_out(lambda pair: outcome_of(self.engine, *pair), pairs)
        n = len(batch)
        return [_Trial(rewrite, outcomes[k * n : (k + 1) * n]) for k, rewrite in enumerate(rewrites)]

    def _accept_or_reject(
        self, trials: list[_Trial], before: list[Outcome], number: int, prompt: str, batch: list[Sample]
    ) -> Step:
        """Return the step, with the best rewrite if the acceptance rule accepts it, else with the old prompt."""
        n = len(before)
        accuracy = fsum(outcome.correct for outcome in before) / n
        fitting = [trial for trial in trials if trial.fits_context(before)]
        best = max(fitting or trials, key=lambda trial: trial.correct)
        if not fitting:
            accepted, reason = False, "too long for the model's context"
        else:
            rule = acceptance_rule(self.accept)
            more = _MoreQuestions(self._further(batch), functools.partial(self._compare, prompt, best.rewrite))
            accepted = rule([old.correct for old in before], [new.correct for new in best.outcomes], more)
            reason = change(accuracy, best.correct / n)
        reason += f", best of {len(trials)} rewrites" if len(trials) > 1 else ""
        result, kept = (StepResult.ACCEPTED, best.rewrite) if accepted else (StepResult.REJECTED, prompt)
        return Step(number, accuracy, best.correct / n, n, result, reason, kept, best.rewrite, len(trials))

    def _further(self, batch: list[Sample]) -> list[Sample]:
        """Return the questions that the acceptance rule may add to a minibatch, another choice in every step."""
        unseen = [sample for sample in self.samples if sample not in batch]
        rng = random.Random(f"further {self.seed} {current_scope()}")
        return rng.sample(unseen, min(self.accept_size, len(unseen)))

    def _compare(self, prompt: str, rewrite: str, samples: Sequence[Sample]) -> list[tuple[float, float]]:
        """Answer questions under both prompts; return the scores (old, new) of each."""
        with scope(answers="further"):
            requests = [(each, sample) for each in (prompt, rewrite) for sample in samples]
            outcomes = fan_out(lambda request: outcome_of(self.engine, *request).correct, requests)
        return list(zip(outcomes[: len(samples)], outcomes[len(samples) :], strict=True))


def _constant(text: str, role: str) -> tg.Variable:
    return tg.Variable(text, requires_grad=False, role_description=role)
