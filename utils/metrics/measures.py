"""The measures of a run: its prompts' surprisal, remembered; what a round's merge kept; how complex its prompts are.

`Surprisal` is a scorer that never ends a run: from its first failure on it gives nothing, and says why once.
"""

import functools
from collections.abc import Callable, Sequence
from typing import Any

from textgrad.engine.calls.gateway import Gateway
from textgrad.errors import StopRun
from utils.config import Config
from utils.federation.evaluation import prompt_id
from utils.metrics.complexity import Complexity, complexity
from utils.metrics.retention import Retention, judge, lost_rows, retention
from utils.metrics.surprisal import get_scorer

_LOCAL = "local-"


def surprisal_model(config: Config) -> str:
    """The name that `get_scorer` takes, or "" for none. "auto" takes the model that runs in this program anyway."""
    if config.surprisal_model == "off":
        return ""
    if config.surprisal_model != "auto":
        return config.surprisal_model
    engines = (config.evaluation_engine, config.test_engine, *config.client_engines)
    return next((name.removeprefix(_LOCAL) for name in engines if name.startswith(_LOCAL)), "")


class Surprisal:
    """Bits a token, each text scored once in a run and its replays: the values are kept in the call log.

    A llama.cpp server's values differ a little from time to time, so what a run has seen once it sees again.

    Args:
        model: as `get_scorer` takes it.
        gateway: its call log keeps the values; under `replay_only` nothing else is looked at.
        keep_failures: True to remember also that a text could not be scored, so that a choice made without it is made
            again in a replay.

    Attributes:
        problem: why texts are no longer scored, or "".
    """

    def __init__(self, model: str, gateway: Gateway, keep_failures: bool = False):
        self.model, self.gateway, self.keep_failures = model, gateway, keep_failures
        self.problem = ""
        self._score: Callable[[str], list[float]] | None = None

    def __call__(self, text: str) -> list[float]:
        """Bits of every token but the first; [] where the text cannot be scored."""
        note = {"surprisal": self.model, "prompt": prompt_id(text)}
        known = self.gateway.get_metadata(note)
        if known is not None:
            return known
        bits = [] if self.problem or self.gateway.replay_only else self._scored(text)
        if bits or self.keep_failures:
            self.gateway.put_metadata(note, bits)
        return bits

    def _scored(self, text: str) -> list[float]:
        try:
            self._score = self._score or get_scorer(self.model)
            return [round(value, 4) for value in self._score(text)]
        except StopRun as error:  # a measure is no reason to end a run that was paid for
            self.problem = str(error)
            return []


def scorer_of(config: Config, gateway: Gateway) -> Surprisal | None:
    """The scorer that a run's options name, or None. Nothing is loaded yet."""
    model = surprisal_model(config)
    return Surprisal(model, gateway, config.aggregate_method == "uid_select") if model else None


def retained(uploads: dict[int, str], broadcast: str, merged: str, judged_by=None) -> dict[int, Retention]:
    """What a merge kept of each client's contribution.

    Args:
        uploads: by client.
        broadcast: the prompt that all of them started from.
        merged: the new prompt.
        judged_by: the evaluation engine, to ask it; None decides by overlap of words.
    """
    judged = functools.partial(judge, judged_by) if judged_by is not None else None
    return {client: retention(upload, broadcast, merged, judged) for client, upload in uploads.items()}


def mean_rate(found: dict[int, Retention]) -> float | None:
    """The mean retention rate over clients that contributed something; None where nobody did."""
    rates = [each.rate for each in found.values() if each.rate is not None]
    return sum(rates) / len(rates) if rates else None


def retention_record(found: dict[int, Retention]) -> dict[str, Any]:
    """For logs: `{"mean": rate, "clients": {client: {"rate", "kept", "merged", "lost"}}}`."""
    mean = mean_rate(found)
    clients = {
        str(client): {key: value for key, value in each.as_json().items() if key != "fates"}
        for client, each in found.items()
    }
    return {"mean": None if mean is None else round(mean, 4), "clients": clients}


def lost_table(rounds) -> list[dict]:
    """The instructions that merges lost, and when: rows as `utils.metrics.retention.lost_rows` makes them."""
    return [
        row
        for done in rounds
        for client, found in done.retention.items()
        for row in lost_rows(done.number, client, found)
    ]


def complexities(rounds, scorer: Surprisal | None) -> list[dict[str, Any]]:
    """For each round the measures of its uploads, of their concatenation and of the prompts that came out.

    TF-IDF is over all distinct prompts of the run.

    Args:
        rounds: of a `Result`, the start included.
        scorer: for surprisal; None leaves it out.
    """
    collection = list(
        dict.fromkeys(text for done in rounds for text in (*done.prompts, *(update.prompt for update in done.updates)))
    )

    @functools.cache
    def of(text: str) -> dict[str, Any]:
        return _plain(complexity(text, collection, scorer))

    return [
        {
            "round": done.number,
            "uploads": {str(update.client): of(update.prompt) for update in done.updates},
            **({"concatenation": of(joined)} if (joined := _joined([each.prompt for each in done.updates])) else {}),
            "prompts": [of(prompt) for prompt in dict.fromkeys(done.prompts)],
        }
        for done in rounds
    ]


def _joined(prompts: Sequence[str]) -> str:
    """All uploads one after the other, as they are: what a merge starts from."""
    return "\n\n".join(prompts)


def _plain(measured: Complexity) -> dict[str, Any]:
    """For JSON, without what was not measured."""
    return {name: round(value, 4) for name, value in vars(measured).items() if value is not None}
