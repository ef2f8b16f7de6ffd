"""Log to Weights & Biases: to an archive below the folder of all runs, or to the server if WANDB_API_KEY is set."""

import html
import os
import shutil
from pathlib import Path
from typing import Any

from textgrad.packages import require_package
from utils.config import Config
from utils.trackers import TrackedRun, Tracker

UNREACHABLE = "the server of Weights & Biases does not respond; WANDB_MODE=offline needs no network"

_PROJECT = "fedtextgrad"
_CONNECTING_SECONDS, _FINISH_SECONDS = 15.0, 40.0
_QUIET: dict[str, Any] = {  # prints nothing, and records neither the hardware, the command line nor the code
    "silent": True,
    "console": "off",
    "disable_git": True,
    "disable_code": True,
    "save_code": False,
    "x_disable_meta": True,
    "x_disable_stats": True,
    "x_disable_machine_info": True,
    "x_save_requirements": False,
}


class WeightsAndBiases(Tracker):
    """One run of W&B.

    Args:
        run: of `wandb.init`.
        folder: of the run.
    """

    def __init__(self, run: Any, folder: Path):
        self._run, self._folder = run, folder
        run.define_metric("*", step_metric="step")  # W&B's own steps cannot go back, as from a step to its round

    def log_params(self, params: dict[str, Any]) -> None:
        """Log parameters."""
        self._run.config.update(params, allow_val_change=True)

    def log_metric(self, name: str, value: float, step: int) -> None:
        """Log one value of a metric."""
        self._run.log({name: value, "step": step})

    def log_text(self, text: str, step: int) -> None:
        """Log the prompt of a round, as a panel with one page per round."""
        import wandb

        self._run.log({"prompt": wandb.Html(f"<pre>{html.escape(text)}</pre>", inject=False), "step": step})

    def log_file(self, path: Path) -> None:
        """Upload a copy of a file: an archive must not depend on a file that may move."""
        copy = Path(self._run.dir) / path.relative_to(self._folder)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
        self._run.save(str(copy), base_path=self._run.dir, policy="end")

    def close(self) -> None:
        """Send everything and end the run."""
        self._run.finish()


def check(config: Config) -> None:
    """Check that wandb is installed.

    Raises:
        BrokenSystem: it is missing.
    """
    require_package("wandb")


def make(run: TrackedRun) -> WeightsAndBiases:
    """Start a run of W&B, or continue that of the same run folder. WANDB_MODE decides between online and offline.

    Raises:
        RuntimeError: there is no key for the server.
    """
    os.environ.setdefault("WANDB_SILENT", "true")
    os.environ.setdefault("WANDB_ERROR_REPORTING", "false")  # a run sends nothing to W&B's makers but its data
    import wandb  # takes a second to import

    mode: Any = os.environ.get("WANDB_MODE") or ("online" if os.environ.get("WANDB_API_KEY") else "offline")
    if mode == "online" and not wandb.login(prompt=False, verify=False):  # `init` would ask in the terminal
        raise RuntimeError("WANDB_API_KEY is not set; set it, call `wandb login`, or use WANDB_MODE=offline")
    started = wandb.init(
        project=os.environ.get("WANDB_PROJECT") or _PROJECT,
        id=run.id_for("wandb"),
        resume="allow" if mode == "online" else None,
        name=run.name,
        group=run.group or None,
        dir=os.environ.get("WANDB_DIR") or run.logs,
        mode=mode,
        settings=wandb.Settings(init_timeout=_CONNECTING_SECONDS, finish_timeout=_FINISH_SECONDS, **_QUIET),
    )
    return WeightsAndBiases(started, run.folder)
