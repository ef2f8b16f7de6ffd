"""Run an optimizer of another project in its own environment, against an endpoint that counts its calls."""

import json
import os
import subprocess
from pathlib import Path

from tests.benchmarks.gain.endpoint import serving
from tests.benchmarks.gain.grid import Cell, Settings
from tests.benchmarks.gain.outcome import Outcome
from tests.benchmarks.gain.tester import PromptTester
from textgrad.engine.calls.budget import Budget
from textgrad.engine.calls.call_log import CallLog
from textgrad.engine.calls.gateway import Gateway, Route

_FOLDER = Path(__file__).parent / "peers"
_PACKAGES = {"textgrad": ["textgrad"], "gepa": ["gepa"], "mipro": ["dspy", "optuna"], "simba": ["dspy"]}
_ENVIRONMENT = ("PATH", "HOME", "LANG", "TMPDIR")


def missing_package(python: Path, peer: str) -> str:
    """Return why a peer cannot run, in one line, or ""."""
    packages = _PACKAGES[peer]
    if not python.exists():
        return f"no Python at {python}: python3 -m venv .venv-peers && .venv-peers/bin/pip install {' '.join(packages)}"
    code = f"import importlib.util as u, sys; sys.exit(any(u.find_spec(name) is None for name in {packages}))"
    found = subprocess.run([str(python), "-c", code], cwd=_FOLDER).returncode == 0
    return "" if found else f"{python} lacks a package: {python} -m pip install {' '.join(packages)}"


def run_peer(
    cell: Cell, settings: Settings, tester: PromptTester, python: Path, driver: Path | None = None
) -> tuple[Outcome, str]:
    """Run a peer and return its outcome, and why it failed or "".

    Args:
        cell, settings: what to run.
        tester: of the cell; gives task, initial prompt and model.
        python: of the peers' environment.
        driver: script to run; that of the cell's optimizer by default.
    """
    folder, (task,) = cell.folder(settings), tester.tasks
    folder.mkdir(parents=True, exist_ok=True)
    gateway = Gateway(CallLog(folder / "calls.sqlite"), budget=Budget(settings.calls))
    model = Route(gateway, tester.engines.test.engine, "peer", tester.engines.test.sampling)
    job = {
        "initial": tester.initial,
        "answer_format": task.answer_format,
        "train": [task.train[index] for index in range(len(task.train))],
        "val": [task.val[index] for index in range(len(task.val))],
        "calls": settings.calls,
        "seed": cell.seed,
        "result": str(folder / "prompts.json"),
    }
    with serving(gateway, model, task) as url:
        (folder / "job.json").write_text(json.dumps(job | {"url": url}), encoding="utf-8")
        with (folder / "peer.log").open("w", encoding="utf-8") as log:
            command = [str(python), str(driver or _FOLDER / f"{cell.optimizer}_peer.py"), str(folder / "job.json")]
            status = subprocess.run(command, cwd=folder, stdout=log, stderr=log, env=_environment(folder)).returncode
    gateway.close()
    result, used = Path(job["result"]), gateway.usage.get("peer")
    if status or not result.exists():
        return Outcome([], [], 0, 0), f"exit status {status}; see {folder / 'peer.log'}"
    prompts = json.loads(result.read_text(encoding="utf-8"))
    tokens = used.prompt_tokens + used.completion_tokens if used else 0
    return Outcome([prompts["best"]], [prompts["last"]], used.calls if used else 0, tokens, prompts["steps"]), ""


def _environment(folder: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    cache = str(folder / "cache")
    return kept | {"OPENAI_API_KEY": "none", "LITELLM_LOCAL_MODEL_COST_MAP": "True", "DSPY_CACHEDIR": cache}
