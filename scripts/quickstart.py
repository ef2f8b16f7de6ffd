"""The first runs of a newcomer; started by `scripts/quickstart.sh`.

Three clients see different rules of an online shop and learn them together, then each alone. A 0.5B model from Hugging
Face does so in minutes. Without it, recordings of these two runs are replayed, and SmolLM2-135M, which cannot follow
rules, learns live to answer syllogisms from solved examples.
"""

import os
import shlex
import shutil
from collections.abc import Sequence
from pathlib import Path

from main import run
from textgrad.engine.local_hub import download
from textgrad.errors import BrokenSystem, StopRun
from utils.config import Config, parse
from utils.files import keep_files_private
from utils.program.command import EXIT_OK, exit_status, run_command
from utils.report.runs import Run, load_run
from utils.run_log.verdict import verdict_sentence

_REPO, _FILE = "Qwen/Qwen2.5-0.5B-Instruct-GGUF", "Q4_K_M"
LARGE, SMALL = f"local-{_REPO}:{_FILE}", "local-smollm2"
EXAMPLES = Path(__file__).parents[1] / "logs" / "examples"
RECORDED_ON = "2026-11-29"
RULES = shlex.split(
    "--module train_hetero_fed --task RULES_emails_1of3 RULES_emails_2of3 RULES_emails_3of3 --rounds 2 --local_steps 4 "
    "--batch_size 4 --train_size 24 --val_size 10 --test_size 20 --max_tokens 300 --comet_mode disabled"
)
SYLLOGISMS = shlex.split(
    "--module train_homo_fed --num_clients 3 --task RG_syllogism --optimizer demos --share_examples --rounds 2 "
    "--local_steps 2 --batch_size 4 --train_size 24 --val_size 20 --test_size 60 --max_tokens 96 --comet_mode disabled"
)
ALONE = ("--aggregate_method", "none")


class _Ended(Exception):
    """A run ended without a result; the argument is its exit status."""


def main(arguments: list[str]) -> int:
    """Run the quickstart; return the exit status.

    Args:
        arguments: further options of main.py for the live runs.
    """
    keep_files_private()
    return exit_status(lambda: _quickstart(arguments))


def _quickstart(arguments: Sequence[str]) -> int:
    model = os.environ.get("MODEL") or _best_model()
    try:
        if model == SMALL:
            live = _config(SMALL, "quickstart_smollm2", *SYLLOGISMS, *arguments)
            together, alone = _replay("together", live.log_dir), _replay("alone", live.log_dir, *ALONE)
            print("\n== live: SmolLM2-135M learns from solved examples on this machine")
            learned = f"{_outcome(together, alone)} (recorded);\n         live, SmolLM2-135M: {_verdict(_train(live))}"
        else:
            together = _train(_config(model, "quickstart", *RULES, *arguments))
            print("\n== the same clients, each alone")
            alone = _train(_config(model, "quickstart_alone", *RULES, *arguments, *ALONE))
            learned = _outcome(together, alone)
    except _Ended as ended:
        return int(ended.args[0])
    print(f"\nlearned: {learned}\npage:    {together.folder / 'report.html'}")
    print("next:    a larger model, MODEL=local-<owner>/<repo> sh scripts/quickstart.sh, or your own: see README.md")
    return EXIT_OK


def _best_model() -> str:
    """Return the engine name of the larger model if it can be had, else that of SmolLM2."""
    print(f"model: {_REPO} from Hugging Face (Apache-2.0, 0.5 GB); MODEL=local-smollm2 avoids it", flush=True)
    try:
        download(_REPO, _FILE)
    except StopRun as reason:
        print(f"{reason}\nmodel: SmolLM2-135M, which is installed, but learns from examples only")
        return SMALL
    return LARGE


def _replay(name: str, log_dir: str, *options: str) -> Run:
    """Replay a recorded run, and compare its ledger with the recorded one.

    Raises:
        BrokenSystem: the ledgers differ.
    """
    recorded = EXAMPLES / name
    config = _config(LARGE, f"recorded_{name}", *RULES, *options, "--replay_only", "--log_dir", log_dir)
    folder = _folder(config)
    print(f"\n== recording of {_REPO} from {RECORDED_ON}, replayed without the model", flush=True)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    shutil.copyfile(recorded / "calls.sqlite", folder / "calls.sqlite")
    replayed = _train(config)
    if (folder / "ledger.jsonl").read_bytes() != (recorded / "ledger.jsonl").read_bytes():
        raise BrokenSystem(f"the replay of {recorded} has another ledger: restore the folder from the repository")
    return replayed


def _config(model: str, name: str, *options: str) -> Config:
    return parse(["--test_engine", model, "--evaluation_engine", model, "--run_name", name, *options])


def _train(config: Config) -> Run:
    if status := run(config):
        raise _Ended(status)
    return load_run(_folder(config))


def _folder(config: Config) -> Path:
    return Path(config.log_dir, config.run_name)


def _outcome(together: Run, alone: Run) -> str:
    """Return what three clients learned together, and what each learned alone."""
    accuracy = alone.metric("best_test_acc") or {}
    return f"{_verdict(together)}; each client alone: {accuracy.get('value', float('nan')):.3f}"


def _verdict(of: Run) -> str:
    return verdict_sentence(of.results)


if __name__ == "__main__":
    run_command(main)
