"""Tasks by name."""

import csv
import gzip
import json
import subprocess
import sys
import types
from pathlib import Path

import pytest

from textgrad.engine.base import EngineLM
from textgrad.errors import BrokenSystem, UsageError
from textgrad.tasks import AVAILABLE_DATASETS, DataLoader, Dataset, get_task, load_task
from textgrad.variable import Variable


class Judge(EngineLM):
    model_string = "judge"

    def generate(self, prompt, system_prompt=None, **kwargs):
        return "<ACCURACY> 1 </ACCURACY>"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "bbh").mkdir()
    examples = [{"input": f"How many is {number}?", "target": str(number)} for number in range(200)]
    for name in ("object_counting", "word_sorting"):
        (tmp_path / "bbh" / f"{name}.json").write_text(json.dumps({"examples": examples}))
    return tmp_path


def text(value):
    return Variable(value, requires_grad=False, role_description="text")


def test_load_task_returns_three_data_sets_and_an_evaluation_function(folder):
    train, val, test, eval_fn = load_task("BBH_object_counting", None, data_dir=folder)
    assert all(isinstance(part, Dataset) for part in (train, val, test))
    questions, answers = next(iter(DataLoader(train, batch_size=3, shuffle=False)))
    assert (questions[2], answers) == ("How many is 2?", ["0", "1", "2"])
    result = eval_fn(inputs={"prediction": text("Answer: 2"), "ground_truth_answer": text(answers[2])})
    assert int(result.value) == 1
    assert "number" in train.get_task_description()


def test_a_trained_answer_format_ends_the_description_and_is_not_sent_with_the_question(folder):
    fixed, trained = (get_task("BBH_object_counting", data_dir=folder, answer_format=it) for it in ("fixed", "trained"))
    assert trained.description == f"{fixed.description} {fixed.answer_format}" == trained.train.get_task_description()
    assert fixed.query("Why?") == f"Why?\n\n{fixed.answer_format}" and trained.query("Why?") == "Why?"


def test_an_unknown_answer_format_is_refused(folder):
    with pytest.raises(UsageError, match="unknown answer format 'fix'.*nearest first: fixed"):
        get_task("BBH_object_counting", data_dir=folder, answer_format="fix")


def test_the_evaluation_function_of_a_judge_takes_a_list_of_three_texts(folder):
    *_, eval_fn = load_task("BBH_word_sorting", Judge(), data_dir=folder, judge="llm")
    verdict = eval_fn([text("question"), text("truth"), text("prediction")])
    assert eval_fn.parse_output(verdict) == "1"


def test_the_data_folder_is_read_from_the_environment_on_each_call(folder, monkeypatch):
    monkeypatch.setenv("FEDTEXTGRAD_DATA", str(folder))
    assert len(get_task("BBH_object_counting").val) == 100
    monkeypatch.setenv("FEDTEXTGRAD_DATA", str(folder / "nowhere"))
    with pytest.raises(UsageError, match="FEDTEXTGRAD_DATA is .*nowhere"):
        get_task("BBH_object_counting")
    with pytest.raises(UsageError, match="data_dir is 'missing'"):
        get_task("BBH_object_counting", data_dir="missing")


def test_sizes_cut_the_splits(folder):
    task = get_task("BBH_object_counting", data_dir=folder, train_size=5, val_size=1, test_size=50)
    assert (len(task.train), len(task.val), len(task.test)) == (5, 1, 50)
    assert task.train[4] == ("How many is 4?", "4")


@pytest.mark.parametrize(
    ("sizes", "reason"),
    [
        ({"train_size": 51}, "train_size is 51, but BBH_object_counting has 50 examples"),
        ({"val_size": 0}, "val_size is 0"),
        ({"test_size": -1}, "test_size is -1"),
    ],
)
def test_a_size_out_of_range_is_rejected(folder, sizes, reason):
    with pytest.raises(UsageError, match=reason):
        get_task("BBH_object_counting", data_dir=folder, **sizes)


def test_an_unknown_task_lists_the_five_nearest_and_counts_the_others():
    with pytest.raises(UsageError, match="'BBH_object_countin'; known, nearest first: BBH_object_counting, ") as raised:
        get_task("BBH_object_countin")
    listed = str(raised.value).partition("nearest first: ")[2].split(", ")
    patterns = ("RG_<dataset>", "RULES_<world>_<client>of<clients>", "hf:<path>", "<path>.jsonl")
    assert len(listed) == 6 and set(listed[:5]) <= {*AVAILABLE_DATASETS, *patterns}
    assert listed[5] == f"... ({len(AVAILABLE_DATASETS) + len(patterns) - 5} more)"


ROWS = [{"question": f"What is {n} + 1?", "answer": str(n + 1)} for n in range(9)]
AWKWARD = "my 'own' $file"


def write_table(path: Path, delimiter: str):
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, ["question", "answer"], delimiter=delimiter)
        writer.writeheader()
        writer.writerows(ROWS)


LINES = "".join(json.dumps(row) + "\n" for row in ROWS)
OTHER_FILES = {
    ".csv": lambda path: write_table(path, ","),
    ".tsv": lambda path: write_table(path, "\t"),
    ".CSV": lambda path: write_table(path, ","),
    ".json": lambda path: path.write_text("\ufeff" + json.dumps(ROWS)),
    ".data.json": lambda path: path.write_text(json.dumps({"version": 1, "data": ROWS})),
    ".ndjson": lambda path: path.write_text(LINES),
    ".jsonlines": lambda path: path.write_text(LINES),
    ".JSONL": lambda path: path.write_text(LINES),
    ".jsonl.gz": lambda path: path.write_bytes(gzip.compress(LINES.encode())),
    ".parquet": lambda path: parquet().write_table(pytest.importorskip("pyarrow").Table.from_pylist(ROWS), path),
}


def parquet():
    return pytest.importorskip("pyarrow.parquet")


@pytest.mark.parametrize("ending", OTHER_FILES)
def test_the_printed_command_converts_a_file_of_another_kind(tmp_path, ending):
    path = tmp_path / f"{AWKWARD}{ending}"
    OTHER_FILES[ending](path)
    with pytest.raises(UsageError, match="is not a .jsonl file: .*'question' and 'answer' per line") as refused:
        get_task(str(path))
    command = str(refused.value).partition(" it: ")[2].replace(".venv/bin/python", sys.executable)
    subprocess.run(["sh", "-c", command], check=True, timeout=60)
    (converted,) = tmp_path.glob("*.jsonl")
    task = get_task(str(converted))
    found = [split[index] for split in (task.train, task.val, task.test) for index in range(len(split))]
    assert sorted(found) == sorted((row["question"], row["answer"]) for row in ROWS)


@pytest.mark.parametrize("name", ["data.xlsx", "data.txt", "no/such/file", "data.jsonl.bak"])
def test_a_file_of_an_unknown_kind_is_refused_with_the_wanted_form(name):
    with pytest.raises(UsageError, match=f"'{name}' is not a .jsonl file.*saving it as .csv first"):
        get_task(name)


def test_a_folder_is_no_task(tmp_path):
    with pytest.raises(UsageError, match="is a folder: name a .jsonl file in it"):
        get_task(str(tmp_path))


@pytest.mark.parametrize(
    "name, file",
    [
        ("BBH_snarks", "bbh/snarks.json"),
        ("GSM8K", "gsm8k/train.jsonl"),
        ("GSM8K_DSPy", "gsm8k/train.jsonl"),
        ("livebench_math", "livebench/math.jsonl"),
        ("livebench_reasoning__spatial", "livebench/reasoning.jsonl"),
    ],
)
@pytest.mark.parametrize("given", [False, True])
def test_without_a_network_the_error_says_where_own_data_would_be_read(tmp_path, monkeypatch, name, file, given):
    def unreachable(*_, **__):
        raise RuntimeError("client has been closed")  # no OSError, as some network libraries raise

    datasets = types.ModuleType("datasets")
    datasets.load_dataset = unreachable
    monkeypatch.setitem(sys.modules, "datasets", datasets)
    monkeypatch.setattr("urllib.request.urlopen", lambda *_, **__: (_ for _ in ()).throw(OSError("no network")))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("FEDTEXTGRAD_DATA", raising=False)
    expected = f"{file}.* in --data_dir {tmp_path}" if given else f"as {file}.*--data_dir"
    with pytest.raises(BrokenSystem, match=expected) as raised:
        get_task(name, data_dir=tmp_path if given else None)
    assert "\n" not in str(raised.value)


def test_an_unknown_judge_or_answer_critic_and_a_misplaced_scorer_are_rejected(folder):
    with pytest.raises(UsageError, match="unknown answer critic 'none'; known, nearest first"):
        get_task("BBH_object_counting", data_dir=folder, answer_critic="none")
    with pytest.raises(UsageError, match="unknown judge 'lm'; known, nearest first: llm"):
        get_task("BBH_object_counting", data_dir=folder, judge="lm")
    with pytest.raises(UsageError, match="scorer 'exact' is for a .jsonl file or an hf: data set"):
        get_task("BBH_object_counting", data_dir=folder, scorer="exact")


def test_a_judge_without_an_engine_is_rejected(folder):
    with pytest.raises(UsageError):
        get_task("BBH_object_counting", data_dir=folder, judge="llm")


def test_importing_tasks_loads_nothing_heavy_and_prints_nothing():
    heavy = {"datasets", "reasoning_gym", "sympy", "pyarrow", "pandas", "torch", "numpy", "openai", "tqdm"}
    script = f"import sys, textgrad.tasks; print(sorted({heavy} & set(sys.modules)))"
    process = subprocess.run(
        [sys.executable, "-c", script], cwd=Path(__file__).parents[3], capture_output=True, text=True, check=True
    )
    assert (process.stdout, process.stderr) == ("[]\n", "")
