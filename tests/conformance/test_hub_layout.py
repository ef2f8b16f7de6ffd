"""GSM8K and LiveBench through the real `datasets` library, from folders in the layout of the Hugging Face hub."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pyarrow = pytest.importorskip("pyarrow")
pytest.importorskip("datasets")
ROOT = Path(__file__).parents[2]
# Runs in a separate process, since the library reads its environment at import.
LOAD = """
import json, sys
from textgrad.tasks import get_task
task = get_task(sys.argv[1])
print(json.dumps([[list(split[i]) for i in range(len(split))] for split in (task.train, task.val, task.test)]))
"""


def parquet(path: Path, records: list[dict]) -> None:
    import pyarrow.parquet

    path.parent.mkdir(parents=True, exist_ok=True)
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(records), path)


def card(folder: Path, text: str) -> None:
    """Write the README of a dataset, whose header lists the configurations and their files."""
    (folder / "README.md").write_text(f"---\n{text}---\n# A data set\n")


def load(folder: Path, name: str) -> list[list[list[str]]]:
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "HF_HUB_OFFLINE": "1",
        "HF_HOME": str(folder / "cache"),
        "HOME": str(folder),
    }
    finished = subprocess.run(
        [sys.executable, "-c", LOAD, name], cwd=folder, env=environment, capture_output=True, text=True, timeout=120
    )
    assert finished.returncode == 0, finished.stderr[-2000:]
    return json.loads(finished.stdout.splitlines()[-1])


def test_gsm8k_loads_its_configuration_and_splits(tmp_path):
    hub = tmp_path / "openai" / "gsm8k"
    for split, count in (("train", 40), ("test", 10)):
        parquet(
            hub / "main" / f"{split}-00000-of-00001.parquet",
            [
                {"question": f"{split}: {n} apples and 1,000 more?", "answer": f"Add.\n#### {n + 1000:,}"}
                for n in range(count)
            ],
        )
        parquet(hub / "socratic" / f"{split}-00000-of-00001.parquet", [{"question": "another", "answer": "#### 0"}])
    card(
        hub,
        "configs:\n"
        + "".join(
            f"- config_name: {name}\n  data_files:\n  - split: train\n    path: {name}/train-*\n  - split: test\n"
            f"    path: {name}/test-*\n"
            for name in ("main", "socratic")
        ),
    )
    train, val, test = load(tmp_path, "GSM8K")
    assert (len(train), len(val), len(test)) == (36, 4, 10)
    assert ["test: 3 apples and 1,000 more?", "1,003"] in test
    assert {question for question, _ in train + val} == {f"train: {n} apples and 1,000 more?" for n in range(40)}


def test_livebench_loads_its_turns_and_subtasks(tmp_path):
    hub = tmp_path / "livebench" / "reasoning"
    records = [
        {
            "question_id": str(n),
            "category": "reasoning",
            "turns": [f"Puzzle {n}: who lives there?"],
            "ground_truth": f"resident {n}",
            "task": "spatial" if n % 2 else "web_of_lies_v2",
        }
        for n in range(50)
    ]
    parquet(hub / "data" / "test-00000-of-00001.parquet", records)
    card(hub, "configs:\n- config_name: default\n  data_files:\n  - split: test\n    path: data/test-*\n")
    splits = load(tmp_path, "livebench_reasoning__spatial")
    assert sum(map(len, splits)) == 25
    assert sorted(pair for split in splits for pair in split) == sorted(
        [f"Puzzle {n}: who lives there?", f"resident {n}"] for n in range(1, 50, 2)
    )


def test_the_error_for_missing_data_says_where_to_put_it(tmp_path):
    with pytest.raises(AssertionError, match="put the data into a folder as gsm8k/train.jsonl"):
        load(tmp_path, "GSM8K")
