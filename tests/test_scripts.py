"""Scripts: arguments passed to main.py, and syntax."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
AWKWARD = ["--initial_prompt", "Think 'twice',\n  \"count\" $HOME *.py `id` \\n"]


@pytest.fixture
def calls(tmp_path):
    """Run a script with a stand-in for Python; return the argument lists with which the script started it."""
    log, python = tmp_path / "calls", tmp_path / "a python"
    python.write_text(
        f"#!{sys.executable}\nimport json, sys\nopen({str(log)!r}, 'a').write(json.dumps(sys.argv[1:]) + '\\n')\n"
    )
    python.chmod(0o755)

    def run(script: str, *arguments: str, **environment: str) -> list[list[str]]:
        finished = subprocess.run(
            ["sh", ROOT / "scripts" / script, *arguments],
            env={"PATH": os.environ["PATH"], "PYTHON": str(python), **environment},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert finished.returncode == 0, finished.stderr
        return [json.loads(line) for line in log.read_text().splitlines()]

    return run


@pytest.mark.parametrize(
    "module, tasks",
    [
        ("centralized", ["BBH_object_counting"]),
        ("homo_fed", ["BBH_object_counting"]),
        ("hetero_fed", ["BBH_object_counting", "BBH_multistep_arithmetic_two", "GSM8K_DSPy"]),
    ],
)
def test_a_run_script_names_module_tasks_and_engines_and_passes_arguments_unchanged(calls, module, tasks):
    (words,) = calls(f"run_{module}.sh", *AWKWARD, TEST_ENGINE="ollama-m")
    engines = ["--test_engine", "ollama-m", "--evaluation_engine", "gpt-4o"]
    assert words == ["main.py", "--module", f"train_{module}", "--task", *tasks, *engines, *AWKWARD]


def test_a_study_passes_arguments_unchanged_to_every_run_and_all_runs_to_one_report(calls, tmp_path):
    folder = tmp_path / "my logs"
    *runs, report = calls(
        "paper/reproduce_local_steps.sh", *AWKWARD, TEST_ENGINE="ollama-m", TASK="a/*.jsonl b", LOG_DIR=str(folder)
    )
    assert len(runs) == 12 and all(words[-2:] == AWKWARD for words in runs)
    assert [words[words.index("--task") + 1] for words in runs if "train_homo_fed" in words][:2] == ["a/*.jsonl", "b"]
    names = [words[words.index("--run_name") + 1] for words in runs]
    study = f"{folder}/local_steps"
    assert report == ["-m", "utils.report", "-o", study, *(f"{study}/{name}" for name in names)]


@pytest.mark.parametrize("script", sorted((ROOT / "scripts").rglob("*.sh")), ids=lambda path: path.name)
def test_a_script_is_valid_posix_shell(script):
    subprocess.run(["sh", "-n", script], check=True, timeout=30)


def test_the_published_scripts_stay_at_the_top_of_their_folder():
    published = {"run_centralized", "run_homo_fed", "run_hetero_fed", "sglang_serve", "vllm_serve"}
    ours = {"setup", "quickstart", "test", "benchmark"}
    assert {path.stem for path in (ROOT / "scripts").glob("*.sh")} == published | ours
