"""Surprisal of a run's prompts, cached in the call log."""

from collections.abc import Callable

from textgrad.engine.calls.gateway import Gateway
from textgrad.engine.local_hub import hub_name
from textgrad.errors import StopRun
from utils.config import Config
from utils.federation.evaluation import prompt_id
from utils.metrics.surprisal import get_scorer

_LOCAL = "local-"


def surprisal_model(config: Config) -> str:
    """Return the model name for `get_scorer`, or "". "auto" selects an embedded model of the run, if any."""
    if config.surprisal_model == "off":
        return ""
    if config.surprisal_model != "auto":
        return config.surprisal_model
    engines = (config.evaluation_engine, config.test_engine, *config.client_engines)
    engine = next((name for name in engines if name.startswith(_LOCAL)), "")
    model = engine.removeprefix(_LOCAL)
    return engine if hub_name(model) else model  # without prefix, <owner>/<repo> means a model of transformers


def surprisal_scorer(config: Config, gateway: Gateway) -> "CachedSurprisal | None":
    """Return the scorer of the options, or None. The model is loaded on first use."""
    model = surprisal_model(config)
    return CachedSurprisal(model, gateway, config.aggregate_method == "uid_select") if model else None


class CachedSurprisal:
    """Bits per token of a text, computed once per run and its replays. A failure never ends the run.

    The call log stores the values, because those of a llama.cpp server vary slightly.

    Args:
        model: name for `get_scorer`.
        gateway: its call log stores the values; with `replay_only` no model is loaded.
        keep_failures: True to store failures too, so that a replay repeats decisions made without surprisal.

    Attributes:
        problem: the error that ended scoring, or "".
    """

    def __init__(self, model: str, gateway: Gateway, keep_failures: bool = False):
        self.model, self.gateway, self.keep_failures = model, gateway, keep_failures
        self.problem = ""
        self._score: Callable[[str], list[float]] | None = None

    def __call__(self, text: str) -> list[float]:
        """Return the bits of every token but the first; [] if the text cannot be scored."""
        key = {"surprisal": self.model, "prompt": prompt_id(text)}
        cached = self.gateway.get_metadata(key)
        if cached is not None:
            return cached
        bits = [] if self.problem or self.gateway.replay_only else self._compute(text)
        if bits or self.keep_failures:
            self.gateway.put_metadata(key, bits)
        return bits

    def _compute(self, text: str) -> list[float]:
        try:
            self._score = self._score or get_scorer(self.model)
            return [round(value, 4) for value in self._score(text)]
        except StopRun as error:  # a missing measure must not end a paid run
            self.problem = str(error)
            return []
