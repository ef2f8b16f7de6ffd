"""Surprisal from the embedded model: which server scores a text, and the real SmolLM2."""

import importlib.util
import os
import threading
from functools import partial
from types import SimpleNamespace

import pytest

from textgrad.errors import BrokenSystem
from utils.metrics.surprisal.embedded import Embedded
from utils.metrics.surprisal.huggingface import HuggingFace

PROMPT = (
    "You will answer a reasoning question. Think step by step. Count every item in the list, also those with a "
    "quantity, and add the counts. Check the total – twice, s'il vous plaît 😀."
)


def _scorer(name, url):
    return lambda text: [name, url, text]


@pytest.mark.parametrize("size, runtime", [(100, "openvino"), (101, "llamacpp")])
def test_only_a_large_model_is_mapped_by_llama_cpp_in_place_of_a_second_copy(tmp_path, monkeypatch, size, runtime):
    def serve(path, settings):
        return SimpleNamespace(runtime=settings.runtime, url="the address", slots=threading.Semaphore(1))

    monkeypatch.setenv("FEDTEXTGRAD_LOCAL_RUNTIME", "openvino")
    monkeypatch.setattr("utils.metrics.surprisal.embedded.serve", serve)
    monkeypatch.setattr("utils.metrics.surprisal.embedded._LARGEST", 100)
    model = tmp_path / "m.gguf"
    model.write_bytes(b"GGUF".ljust(size))
    for name, scorer in (("VLLM", "openvino"), ("LlamaServer", "llamacpp")):
        monkeypatch.setattr(f"utils.metrics.surprisal.embedded.{name}", partial(_scorer, scorer))
    assert Embedded(str(model))("abba") == [runtime, "the address", "abba"]


@pytest.fixture(scope="module")
def embedded():
    if not importlib.util.find_spec("xllamacpp"):  # not imported here, as it would load its library
        pytest.skip("xllamacpp is not installed")
    try:
        return Embedded()
    except BrokenSystem as problem:
        pytest.skip(str(problem))


@pytest.mark.slow
def test_the_embedded_model_finds_a_repeated_text_less_surprising(embedded):
    once = embedded(PROMPT)
    twice = embedded(f"{PROMPT} {PROMPT}")
    again = twice[len(once) :]
    assert min(once) >= 0 and sum(once) / len(once) > 2
    assert twice[: len(once) - 1] == pytest.approx(once[:-1], abs=0.3)
    assert sum(again) / len(again) < sum(once) / len(once) / 2


@pytest.mark.slow
def test_openvino_and_llama_cpp_score_a_text_alike(monkeypatch):
    pytest.importorskip("openvino_genai")
    pytest.importorskip("xllamacpp")
    bits = []
    for runtime in ("openvino", "llamacpp"):
        monkeypatch.setenv("FEDTEXTGRAD_LOCAL_RUNTIME", runtime)
        bits.append(Embedded()(PROMPT))
    assert bits[0] == pytest.approx(bits[1], abs=1.5)  # of up to 16 bits per token
    assert sum(bits[0]) == pytest.approx(sum(bits[1]), rel=0.02)


@pytest.mark.slow
def test_the_embedded_model_agrees_with_transformers(embedded):
    folder = os.environ.get("FEDTEXTGRAD_SMOLLM2_HF")
    if not folder:
        pytest.skip("set FEDTEXTGRAD_SMOLLM2_HF to the same model converted for transformers")
    pytest.importorskip("transformers", reason="transformers is not installed")
    reference, ours = HuggingFace(folder)(PROMPT), embedded(PROMPT)
    assert len(reference) == len(ours)
    assert sum(ours) == pytest.approx(sum(reference), rel=0.02)
    assert max(abs(one - other) for one, other in zip(ours, reference)) < 2  # the embedded model is quantized
