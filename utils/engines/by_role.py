"""The engines of a run by role, all behind one gateway: one call log, one limiter."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from textgrad.engine import get_engine
from textgrad.engine.base import EngineLM, Sampling
from textgrad.engine.calls.budget import Budget
from textgrad.engine.calls.call_log import CallLog
from textgrad.engine.calls.gateway import Gateway, Route
from textgrad.engine.calls.limiter import Limiter
from textgrad.engine.registry import check_engine_name
from utils.config import Config
from utils.engines.prices import prices

TEST, EVALUATION, TRANSFER = "test", "evaluation", "transfer"


@dataclass
class Engines:
    """Who answers.

    Attributes:
        gateway: the one way to all of them.
        test: the model whose prompt is trained, as it is scored.
        evaluation: judges, criticizes, rewrites and merges.
        clients: the test engines of the clients, cycled.
        transfers: engines on which the best prompt is tested besides, by name.
    """

    gateway: Gateway
    test: Route
    evaluation: Route
    clients: list[Route]
    transfers: dict[str, Route] = field(default_factory=dict)

    def of_client(self, number: int) -> Route:
        """The test engine of a client."""
        return self.clients[number % len(self.clients)]

    def teach(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Tells simulated engines the answers; a real model is told nothing."""
        pairs = list(pairs)
        for engine in {id(route.engine): route.engine for route in self._all()}.values():
            if hasattr(engine, "teach"):
                engine.teach(pairs)

    @property
    def simulated(self) -> bool:
        """True when any reply of the run is not a real model's."""
        return any(hasattr(route.engine, "teach") for route in self._all())

    def endpoints(self) -> dict[str, dict[str, str]]:
        """Model and endpoint by role, for the run's config.json."""
        roles = {TEST: self.test, EVALUATION: self.evaluation}
        roles |= {f"client_{number}": route for number, route in enumerate(self.clients) if route is not self.test}
        roles |= {f"transfer to {name}": route for name, route in self.transfers.items()}
        return {role: {"model": route.model_string, "endpoint": route.endpoint} for role, route in roles.items()}

    def _all(self) -> list[Route]:
        return [self.test, self.evaluation, *self.clients, *self.transfers.values()]


def check_names(config: Config) -> None:
    """Looks at every engine's name and key before anything is loaded.

    Raises:
        UsageError: an unknown engine, or a missing key.
    """
    if not config.replay_only:
        for name in {config.test_engine, config.evaluation_engine, *config.client_engines, *config.transfer_engine}:
            check_engine_name(name)


def connect(config: Config, call_log: str | Path, warn: Callable[[str], None] = print) -> Engines:
    """The engines that a configuration names.

    Args:
        config: of the run.
        call_log: the file that keeps every reply, made at the first use; ":memory:" keeps them for this process.
        warn: told in a line each what the user should know: a damaged call log, a key sent in the clear, an
            endpoint that cuts prompts.
    """
    limiter = Limiter(
        config.max_concurrency, config.requests_per_minute or None, config.max_retries, config.max_consecutive_failures
    )
    budget = Budget(config.max_calls or None, config.max_tokens_total or None, config.max_cost or None, prices(config))
    gateway = Gateway(
        CallLog(call_log, warn), limiter, budget, reuse=not config.no_cache, replay_only=config.replay_only, warn=warn
    )
    made: dict[str, EngineLM] = {}

    def route(name: str, role: str) -> Route:
        if name not in made:
            # A model on this machine is never unreachable, only slow: it keeps its own, longer timeout.
            timeout = {} if name.startswith("local-") else {"request_timeout": config.request_timeout}
            made[name] = get_engine(name, offline=config.replay_only, **timeout)
            if getattr(made[name], "sends_key_in_the_clear", False) and not config.replay_only:
                warn(f"warning: the key for {made[name].endpoint} goes over plain http: anybody on the way can read it")
        return gateway.route(made[name], role, Sampling(**config.sampling_defaults))

    test, evaluation = route(config.test_engine, TEST), route(config.evaluation_engine, EVALUATION)
    return Engines(
        gateway,
        test,
        evaluation,
        [route(name, TEST) for name in config.client_engines] or [test],
        {name: route(name, TRANSFER) for name in config.transfer_engine},
    )
