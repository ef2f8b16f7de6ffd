"""The grid: one cell per optimizer, task, module, model and seed, and the command line that runs it."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

PEERS = ("textgrad", "gepa", "mipro", "simba")
_RESIZED = "RG_"  # of these tasks, another test size changes the training questions too


@dataclass(frozen=True)
class Settings:
    """What all cells have in common.

    Attributes:
        out: folder of the results.
        calls: number of calls per run, without the test.
        train, val, test: number of questions.
        rounds: upper bound; the calls usually end a run earlier, and the round that they end is lost.
        steps: local steps per round, over all clients.
        clients: number of clients of the federated modules.
        examples: number of training examples in the prompt of the reference row.
        evaluation_engine: the engine that criticizes and rewrites; "" for the model itself.
        more: further options of main.py for every run.
    """

    out: Path
    calls: int = 270
    train: int = 48
    val: int = 16
    test: int = 120
    rounds: int = 30
    steps: int = 3
    clients: int = 3
    examples: int = 14
    evaluation_engine: str = ""
    more: tuple[str, ...] = ()


@dataclass(frozen=True, order=True)
class Cell:
    """One run.

    Attributes:
        model: engine name of the model whose prompt is trained.
        task: its name, or several joined by "+". train_hetero_fed gives each client a part of a RULES_ task.
        module: of main.py.
        optimizer: its name, perhaps with options of main.py: "tgd:accept=better,skip_solved"; or one of `PEERS`.
        seed: of the run and of its questions.
    """

    model: str
    task: str
    module: str
    optimizer: str
    seed: int

    @property
    def is_peer(self) -> bool:
        """True for an optimizer of another project."""
        return self.optimizer in PEERS

    def tasks(self, settings: Settings) -> list[str]:
        """Return the names of the tasks for main.py."""
        if self.module == "train_hetero_fed" and self.task.startswith("RULES_") and "+" not in self.task:
            return [f"{self.task}_{client}of{settings.clients}" for client in range(1, settings.clients + 1)]
        return self.task.split("+")

    def options(self, settings: Settings) -> list[str]:
        """Return the options of main.py that decide the data, the engines and the training."""
        tasks = self.tasks(settings)
        clients = {"train_homo_fed": settings.clients, "train_hetero_fed": len(tasks)}.get(self.module, 1)
        name, _, listed = self.optimizer.partition(":")
        own = [] if self.is_peer else ["--optimizer", name]
        for part in filter(None, listed.split(",")):
            option, _, value = part.partition("=")
            own += [f"--{option}", *([value] if value else [])]
        fixed = {
            "module": self.module,
            "seed": self.seed,
            "test_engine": self.model,
            "evaluation_engine": settings.evaluation_engine or self.model,
            "train_size": settings.train,
            "val_size": settings.val,
            "test_size": settings.test,
            "rounds": settings.rounds,
            "local_steps": max(1, settings.steps // clients),
            **({"num_clients": settings.clients} if self.module == "train_homo_fed" else {}),
            "surprisal_model": "off",
            "comet_mode": "disabled",
        }
        words = [word for option, value in fixed.items() for word in (f"--{option}", str(value))]
        return ["--task", *tasks, *words, "--do_not_run_larger_model", *settings.more, *own]

    def command(self, settings: Settings) -> list[str]:
        """Return the arguments of main.py. The run tests as few questions as possible: the benchmark tests itself."""
        tasks = self.tasks(settings)
        tested = settings.test if any(task.startswith(_RESIZED) for task in tasks) else 1
        caps = ["--test_size", str(tested), "--max_calls", str(settings.calls + tested * len(tasks))]
        return [
            *self.options(settings),
            *caps,
            "--log_dir",
            str(settings.out / "runs"),
            "--run_name",
            self.name(settings),
        ]

    def name(self, settings: Settings) -> str:
        """Return the name of the run's folder. Cells that differ in anything that decides the run differ in it."""
        deciding = repr((self.options(settings), settings.calls, self.optimizer))
        stem = Path(self.model).stem if self.model.endswith(".gguf") else self.model
        words = (self.optimizer, self.task, self.module.removeprefix("train_"), stem, f"seed{self.seed}")
        text = re.sub(r"[^A-Za-z0-9_.=-]+", "_", "-".join(words))[:120]
        return f"{text}-{hashlib.sha256(deciding.encode()).hexdigest()[:8]}"

    def folder(self, settings: Settings) -> Path:
        """Return the run's folder."""
        return settings.out / "runs" / self.name(settings)
