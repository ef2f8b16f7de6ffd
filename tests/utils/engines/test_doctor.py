"""The doctor: its checks, and the report of a broken engine."""

import pytest
from fault_server import Fault, FaultServer, error

from utils.engines import doctor

pytestmark = pytest.mark.slow


@pytest.fixture
def examined(monkeypatch, capsys):
    def examine(server=None, engine="openai-test-model"):
        if server:
            monkeypatch.setenv("OPENAI_BASE_URL", server.url)
            monkeypatch.setenv("OPENAI_API_KEY", "sk-marked-key-0123456789")
        status = doctor.main(["--test_engine", engine, "--request_timeout", "5"])
        shown = capsys.readouterr()
        assert "sk-marked" not in shown.out + shown.err
        lines = [line.strip() for line in shown.out.splitlines() if line.startswith("  ")]
        return status, dict(line.split("  ", 1) for line in lines), shown

    return examine


def test_a_good_server_is_described_completely(examined):
    with FaultServer() as server:
        status, found, shown = examined(server)
    found = {name: value.strip() for name, value in found.items()}
    assert status == 0 and found["reachable"] == "yes" and "yes" in found["model found"]
    assert found["parameters dropped"] == "none" and found["tokens counted"].startswith("yes")
    assert found["seed respected"].startswith("unknown") and "16:" in found["concurrency"]
    assert shown.out.startswith(f"openai-test-model: model test-model at {server.url}")


def test_refused_parameters_are_listed(examined):
    def refuse(request, number):
        if "seed" in request:
            return Fault(400, error("Unsupported parameter: 'seed'", param="seed", code="unsupported_parameter"))
        return None

    with FaultServer(policy=refuse) as server:
        status, found, _ = examined(server)
    assert status == 0 and found["parameters dropped"].strip() == "seed" and "refuses" in found["seed respected"]


def test_the_best_concurrency_is_measured(examined):
    def too_many(request, number):
        return "429" if server.peak_in_flight > 4 else None

    with FaultServer(policy=too_many, latency=0.05) as server:
        status, found, _ = examined(server)
    assert status == 0 and "best with 4 concurrent calls" in found["concurrency"] and "HTTP 429" in found["concurrency"]


@pytest.mark.parametrize("fault, told", [("401", "HTTP 401"), ("404", "does not exist"), ("500", "HTTP 500")])
def test_a_broken_engine_is_one_line_and_exit_2(examined, monkeypatch, fault, told):
    monkeypatch.setattr("textgrad.engine.calls.limiter._MIN_BACKOFF", 0.01)
    with FaultServer(policy=lambda request, number: fault) as server:
        status, _, shown = examined(server)
    assert status == 2 and shown.out == "" and len(shown.err.splitlines()) == 1 and told in shown.err
    assert server.url in shown.err


def test_the_simulated_engine_passes_all_checks(examined):
    status, found, _ = examined(engine="simulated:skill=0.5")
    assert status == 0 and found["reachable"].strip() == "yes"


@pytest.mark.parametrize(
    "arguments, told",
    [
        ([], "no engine given"),
        (["--test_engine", "gtp-4"], "unknown engine"),
        (["--test_engine", "gpt-4o"], "OPENAI_API_KEY"),
    ],
)
def test_bad_input_is_one_line_and_exit_2(capsys, arguments, told):
    assert doctor.main(arguments) == 2
    shown = capsys.readouterr()
    assert told in shown.err and len(shown.err.splitlines()) == 1


@pytest.mark.slow
def test_the_embedded_model_reports_its_context(examined):
    pytest.importorskip("xllamacpp")
    status, found, shown = examined(engine="local-smollm2")
    assert status == 0, shown.err
    assert "4096" in found["context length"] and found["product"].strip().startswith(("OpenVINO GenAI", "llama.cpp"))
    assert found["seed respected"].strip() == "yes"
