"""The MLflow tracker, read back with MLflow's client."""

import json
from urllib.parse import urlsplit

import pytest
import toy

import main
from utils.config import Config
from utils.trackers import TrackedRun
from utils.trackers.mlflow import make

mlflow = pytest.importorskip("mlflow")
pytest.importorskip("sqlalchemy")
pytestmark = pytest.mark.slow
KEY = "sk-never-in-a-store"


@pytest.fixture(autouse=True)
def _own_store(monkeypatch):
    for name in ("MLFLOW_TRACKING_URI", "MLFLOW_EXPERIMENT_NAME"):
        monkeypatch.delenv(name, raising=False)


def client(store) -> "mlflow.MlflowClient":
    """Return a client for the database in a folder."""
    return mlflow.MlflowClient(f"sqlite:///{store}/mlflow.db")


def runs_in(store, experiment="fedtextgrad") -> list:
    found = client(store).get_experiment_by_name(experiment)
    return client(store).search_runs([found.experiment_id])


def history(store, run, name) -> list[tuple[int, float]]:
    points = client(store).get_metric_history(run.info.run_id, name)
    return sorted((point.step, point.value) for point in points)


def test_a_run_and_its_continuation_are_one_run_of_mlflow(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    store = tmp_path / "logs" / "mlflow"
    for rounds in (2, 3):
        assert main.main(toy.options(tmp_path, "--tracker", "mlflow", "--rounds", str(rounds))) == 0
    printed = capsys.readouterr()
    assert "mlflow tracker" not in printed.out and "mlflow" not in printed.err
    results = json.loads((tmp_path / "logs" / "run" / "results.json").read_text())
    (run,) = runs_in(store)
    assert run.info.run_name == "run" and run.info.status == "FINISHED"
    assert run.data.params["batch_size"] == "3" and run.data.params["max_epochs"] == "2"
    assert run.data.tags["resumed.max_epochs"] == "3"
    assert [name for name in run.data.tags if name.startswith("resumed.")] == ["resumed.max_epochs"]
    validation = [(each["round"], each["validation"]["mean"]["value"]) for each in results["rounds"]]
    assert history(store, run, "validation_acc") == validation and len(validation) == 4
    assert history(store, run, "best_test_acc")[-1] == (3, results["metrics"]["best_test_acc"]["value"])
    for name, path in (
        ("prompts/round03.txt", "prompts/round03_global.txt"),
        ("prompts/best.txt", "prompts/best.txt"),
        ("report.html", "report.html"),
        ("figures/accuracy.svg", "figures/accuracy.svg"),
    ):
        folder = tmp_path / "logs" / "mlflow" / "artifacts" / run.info.run_id / "artifacts"
        assert (folder / name).read_bytes() == (tmp_path / "logs" / "run" / path).read_bytes()
    assert not [path for path in store.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()]


def test_the_store_and_the_experiment_come_from_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "mine")
    (tmp_path / "run").mkdir()
    monkeypatch.chdir(tmp_path)
    for names in (("a", "b"), ("a", "c")):
        tracker = make(TrackedRun(Config(), tmp_path / "run"))
        tracker.log_params({"long": "x" * 10_000, "none": None, "names": names})
        tracker.log_metric("hf:owner/name (all)_best_test_acc", 0.5, 1)
        tracker.close()
    (run,) = runs_in(tmp_path, "mine")
    assert run.data.metrics == {"hf_owner_name__all__best_test_acc": 0.5}
    assert run.data.params["none"] == "None" and len(run.data.params["long"]) >= 500
    assert run.data.tags["resumed.names"] == "('a', 'c')" and "resumed.long" not in run.data.tags
    assert urlsplit(run.info.artifact_uri).path.startswith(str(tmp_path))
