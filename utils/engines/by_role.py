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
    """The engines of a run.

    Attributes:
        gateway: all calls pass it.
        test: the model whose prompt is trained.
        evaluation: judges, criticizes, rewrites and merges.
        clients: test engines of the clients; client i uses number i modulo their count.
        transfers: further engines on which the best prompt is tested, by name.
    """

    gateway: Gateway
    test: Route
    evaluation: Route
    clients: list[Route]
    transfers: dict[str, Route] = field(default_factory=dict)

    def of_client(self, number: int) -> Route:
        """Return the test engine of a client."""
        return self.clients[number % len(self.clients)]

    def teach(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Give questions and answers to the simulated engines; real models get nothing."""
        pairs = list(pairs)
        for engine in {id(route.engine): route.engine for route in self._all()}.values():
            if hasattr(engine, "teach"):
                engine.teach(pairs)

    @property
    def simulated(self) -> bool:
        """True if any engine is simulated."""
        return any(hasattr(route.engine, "teach") for route in self._all())

    def endpoints(self) -> dict[str, dict[str, str]]:
        """Return model and endpoint by role, for config.json."""
        roles = {TEST: self.test, EVALUATION: self.evaluation}
        roles |= {f"client_{number}": route for number, route in enumerate(self.clients) if route is not self.test}
        roles |= {f"transfer to {name}": route for name, route in self.transfers.items()}
        return {role: {"model": route.model_string, "endpoint": route.endpoint} for role, route in roles.items()}

    def _all(self) -> list[Route]:
        return [self.test, self.evaluation, *self.clients, *self.transfers.values()]


def check_names(config: Config) -> None:
    """Check the names and API keys of all engines before anything is loaded.

    Raises:
        UsageError: an engine is unknown, or its key is missing.
    """
    if not config.replay_only:
        for name in {config.test_engine, config.evaluation_engine, *config.client_engines, *config.transfer_engine}:
            check_engine_name(name)


def connect(config: Config, call_log: str | Path, warn: Callable[[str], None] = print) -> Engines:
    """Return the engines of a configuration.

    Args:
        config: of the run.
        call_log: file that stores all replies, created at the first use; ":memory:" stores them in this process.
        warn: receives warnings, one line each: a damaged call log, an unencrypted key, truncated prompts, long waits.
    """
    limiter = Limiter(
        config.max_concurrency,
        config.requests_per_minute or None,
        config.max_retries,
        config.max_consecutive_failures,
        warn,
    )
    budget = Budget(config.max_calls or None, config.max_tokens_total or None, config.max_cost or None, prices(config))
    gateway = Gateway(
        CallLog(call_log, warn), limiter, budget, reuse=not config.no_cache, replay_only=config.replay_only, warn=warn
    )
    made: dict[str, EngineLM] = {}

    def route(name: str, role: str) -> Route:
        if name not in made:
            # A model in this process may be slow, but is never unreachable: it has its own, longer timeout.
            timeout = {} if name.startswith("local-") else {"request_timeout": config.request_timeout}
            made[name] = get_engine(name, offline=config.replay_only, **timeout)
            if getattr(made[name], "sends_key_in_the_clear", False) and not config.replay_only:
                warn(f"warning: the API key for {made[name].endpoint} is sent unencrypted over http: use https")
        return gateway.route(made[name], role, Sampling(**config.sampling_defaults))

    test, evaluation = route(config.test_engine, TEST), route(config.evaluation_engine, EVALUATION)
    return Engines(
        gateway,
        test,
        evaluation,
        [route(name, TEST) for name in config.client_engines] or [test],
        {name: route(name, TRANSFER) for name in config.transfer_engine},
    )
