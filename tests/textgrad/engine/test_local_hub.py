"""GGUF models of the Hugging Face hub, from a local server in its layout."""

import hashlib
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hub_server import HubServer

from textgrad.engine import get_engine
from textgrad.engine.base import Sampling
from textgrad.engine.local import LocalEngine, smollm2_path
from textgrad.engine.local_hub import QUANTIZATIONS, choose, download, hub_name
from textgrad.errors import BrokenSystem, UsageError

constants = pytest.importorskip("huggingface_hub.constants")
ROOT = Path(__file__).parents[3]
REPO = "me/tiny-GGUF"
TINY = b"GGUF" + random.Random(0).randbytes(50_000)
PARTS = [f"Q4_K_M/tiny-Q4_K_M-0000{number}-of-00002.gguf" for number in (1, 2)]
FILES = {"README.md": b"# A model", "tiny-Q8_0.gguf": TINY, PARTS[0]: b"GGUF first", PARTS[1]: b"GGUF second"}
GB = 10**9


@pytest.fixture
def hub(tmp_path, monkeypatch):
    with HubServer({REPO: dict(FILES)}) as server:
        monkeypatch.setattr(constants, "ENDPOINT", server.url)
        template = server.url + "/{repo_id}/resolve/{revision}/{filename}"  # the library sets it when it is imported
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", 1000)
        download.cache_clear()
        yield server
    download.cache_clear()


def partial_file(cache: Path) -> Path:
    blobs = cache / "models--me--tiny-GGUF" / "blobs"
    return blobs / f"{hashlib.sha256(TINY).hexdigest()}.incomplete"


@pytest.mark.parametrize(
    "model, expected",
    [
        ("me/tiny", ("me/tiny", "")),
        ("bartowski/Llama-3.2-1B-Instruct-GGUF:Q4_K_M", ("bartowski/Llama-3.2-1B-Instruct-GGUF", "Q4_K_M")),
        ("me/tiny:folder/a.gguf", ("me/tiny", "folder/a.gguf")),
        *((name, None) for name in ("smollm2", "m.gguf", "m/x.gguf", "/m/x", "./x", "../x", "~/x", "a/b/c", "a/b:")),
    ],
)
def test_a_name_is_a_repository_or_a_path(model, expected):
    assert hub_name(model) == expected


def sized(*names, size=2 * GB):
    return dict.fromkeys(names, size)


@pytest.mark.parametrize(
    "wanted, sizes, chosen",
    [
        ("", {"a-Q4_K_M.gguf": GB // 2, "a-Q8_0.gguf": GB - 1}, ["a-Q8_0.gguf"]),
        ("", {"a-Q4_K_M.gguf": GB // 2, "a-Q8_0.gguf": GB}, ["a-Q4_K_M.gguf"]),
        ("", {"a-Q4_K_M.gguf": None, "a-Q8_0.gguf": None}, ["a-Q4_K_M.gguf"]),
        ("", sized("a.q6_k.gguf", "a.q5_k_m.gguf", "a.Q2_K.gguf", "a.f16.gguf"), ["a.q5_k_m.gguf"]),
        ("", sized("a-UD-Q4_K_M.gguf", "a-Q4_K_M.gguf", "mmproj-Q4_K_M.gguf"), ["a-Q4_K_M.gguf"]),
        ("", sized("a-Q4_K_M-00001-of-00001.gguf", "a-Q8_0.gguf"), ["a-Q4_K_M-00001-of-00001.gguf"]),
        ("", sized(*PARTS, "a-longer-name-Q4_K_M.gguf"), ["a-longer-name-Q4_K_M.gguf"]),
        ("", sized(PARTS[1], PARTS[0], "a-Q5_K_M.gguf"), PARTS),
        ("", sized(PARTS[0], "a-Q5_K_M.gguf"), ["a-Q5_K_M.gguf"]),
        ("", sized("README.md", "mmproj-f16.gguf", "only.gguf"), ["only.gguf"]),
        ("q4_0", sized("a-Q4_0_4_4.gguf", "a-IQ4_0.gguf", "a-Q4_0.gguf"), ["a-Q4_0.gguf"]),
        ("Q3_K_S", sized("a-Q4_K_M.gguf", "a-Q3_K_S.gguf"), ["a-Q3_K_S.gguf"]),
        ("F16", sized("mmproj-F16.gguf", "a-longer-name-F16.gguf"), ["a-longer-name-F16.gguf"]),
        ("mmproj-f16.gguf", sized("x/mmproj-f16.gguf", "a-F16.gguf"), ["x/mmproj-f16.gguf"]),
        (PARTS[0].rpartition("/")[2], sized(*PARTS), PARTS),
    ],
)
def test_the_file_is_chosen_by_its_name_or_in_a_fixed_order(wanted, sizes, chosen):
    assert choose("me/a", wanted, sizes) == chosen


def test_the_readme_states_the_order():
    text = (ROOT / "textgrad/engine/README.md").read_text(encoding="utf-8")
    assert ", ".join(f"`{quantization}`" for quantization in QUANTIZATIONS) in " ".join(text.split())


@pytest.mark.parametrize(
    "wanted, sizes, message",
    [
        ("Q4_K", sized("a-Q4_K_M.gguf", "a-Q8_0.gguf"), "in me/a 'Q4_K'; known, nearest first: a-Q.*, a-Q.*gguf$"),
        (PARTS[1], sized(*PARTS), f"known, nearest first: {PARTS[0]}$"),
        ("", sized("b.gguf", "a.gguf"), "cannot choose a model in me/a: add :<file> .* its files are a.gguf, b.gguf$"),
        ("", sized("model.safetensors", "config.json"), "me/a holds no .gguf file.* it holds config.json, model.safet"),
        ("", {}, "it holds nothing"),
    ],
)
def test_the_error_lists_the_files_in_one_line(wanted, sizes, message):
    with pytest.raises(UsageError, match=message) as raised:
        choose("me/a", wanted, sizes)
    assert "\n" not in str(raised.value)


def test_a_model_is_downloaded_once_with_progress_and_linked_in_the_cache(hub, tmp_path, capsys):
    path = download(REPO, "")
    assert path.read_bytes() == TINY and path.name == "tiny-Q8_0.gguf"
    assert path.is_relative_to(tmp_path / "hub" / "models--me--tiny-GGUF" / "snapshots")
    assert "tiny-Q8_0.gguf: 100%" in capsys.readouterr().err
    download.cache_clear()
    assert download(REPO, "q8_0") == path and hub.blob_requests() == [""]
    from huggingface_hub import hf_hub_download

    assert hf_hub_download(REPO, "tiny-Q8_0.gguf") == str(path)
    assert hub.blob_requests() == [""]


def test_all_parts_of_a_split_model_lie_beside_the_first(hub):
    first = download(REPO, "Q4_K_M")
    assert first.name == "tiny-Q4_K_M-00001-of-00002.gguf"
    assert sorted(path.read_bytes() for path in first.parent.iterdir()) == [b"GGUF first", b"GGUF second"]


def test_a_lost_connection_is_resumed(hub):
    hub.cut_at = 20_000
    assert download(REPO, "").read_bytes() == TINY
    first, second = hub.blob_requests()
    assert first == "" and second.startswith("bytes=") and 10_000 < int(second[6:-1]) <= 20_000


def test_a_partial_file_is_continued_and_one_that_is_too_long_replaced(hub, tmp_path):
    partial = partial_file(tmp_path / "hub")
    partial.parent.mkdir(parents=True)
    partial.write_bytes(TINY[:30_000])
    assert download(REPO, "").read_bytes() == TINY and hub.blob_requests() == ["bytes=30000-"]
    for path in (tmp_path / "hub").rglob("*Q8_0*"):
        path.unlink()
    partial.with_suffix("").rename(partial)
    with partial.open("ab") as file:
        file.write(b"more")
    download.cache_clear()
    assert download(REPO, "").read_bytes() == TINY and hub.blob_requests()[1:] == [""]


def test_a_wrong_checksum_leaves_nothing_in_the_cache(hub, tmp_path):
    hub.damaged = True
    with pytest.raises(BrokenSystem, match="tiny-Q8_0.gguf from me/tiny-GGUF is damaged: its SHA-256 is .* again$"):
        download(REPO, "")
    assert not partial_file(tmp_path / "hub").exists() and not list((tmp_path / "hub").rglob("*.gguf"))
    hub.damaged = False
    assert download(REPO, "").read_bytes() == TINY


def test_the_cache_serves_without_network_and_says_what_it_lacks(hub, monkeypatch):
    path = download(REPO, "Q4_K_M")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    before = len(hub.requests)
    download.cache_clear()
    assert download(REPO, "") == download(REPO, path.name) == path
    with pytest.raises(UsageError, match=f"in the cache of me/tiny-GGUF 'Q8_0'; known, nearest first: {PARTS[0]}"):
        download(REPO, "Q8_0")
    with pytest.raises(BrokenSystem, match="no file of model me/other is in the cache .*: unset HF_HUB_OFFLINE"):
        download("me/other", "")
    assert len(hub.requests) == before
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    download.cache_clear()
    assert download(REPO, "") == path
    with pytest.raises(BrokenSystem, match="cannot download model me/other from http://127.0.0.1:9 .ConnectError"):
        download("me/other", "")


def test_an_unusable_cache_is_one_line_with_the_fix(hub, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "file"))
    with pytest.raises(
        BrokenSystem, match="cannot store model me/tiny-GGUF in .*/file: Not a directory; a part of the"
    ):
        download(REPO, "")


def test_unusable_repositories_are_one_line_with_the_fix(hub):
    hub.repos["me/gated"] = {"a-Q8_0.gguf": b"GGUF"}
    hub.gated.add("me/gated")
    for repo, message in [
        ("me/none", f"no model me/none at {hub.url}: correct the name; if it is private, set HF_TOKEN"),
        ("me/gated", f"model me/gated is gated: accept its terms at {hub.url}/me/gated, and set HF_TOKEN"),
        ("me/a--b", "invalid model name 'me/a--b': expected <owner>/<repo>"),
    ]:
        with pytest.raises(UsageError, match=message) as raised:
            download(repo, "")
        assert "\n" not in str(raised.value)


def test_an_engine_asks_the_hub_only_when_it_is_checked_or_used(hub):
    engine = get_engine(f"local-{REPO}:Q8_0")
    replay = get_engine(f"local-{REPO}:Q8_0", offline=True)
    assert engine.endpoint == replay.endpoint == f"local:{REPO}:Q8_0" and hub.requests == []
    assert engine.model_string == replay.model_string == f"{REPO}:Q8_0"
    assert engine.path.read_bytes() == TINY


def environment(server: HubServer, folder: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "HF_ENDPOINT": server.url,
        "HF_HOME": str(folder / "hf"),
        "HOME": str(folder),
    }


@pytest.mark.slow
def test_a_killed_download_is_resumed_by_the_next_process(hub, tmp_path):
    content = b"GGUF" + random.Random(1).randbytes(24_000_000)
    hub.repos["me/large"] = {"large-Q8_0.gguf": content}
    hub.cut_at, hub.stall = 15_000_000, True
    code = "import sys; from textgrad.engine.local_hub import download; print(download(*sys.argv[1:]))"
    command = [sys.executable, "-c", code, "me/large", ""]
    options = {"env": environment(hub, tmp_path), "stdout": subprocess.PIPE, "text": True}
    child = subprocess.Popen(command, **options)
    deadline = time.monotonic() + 60
    partial = tmp_path / "hf/hub/models--me--large/blobs" / f"{hashlib.sha256(content).hexdigest()}.incomplete"
    while not (partial.exists() and partial.stat().st_size):
        assert time.monotonic() < deadline and child.poll() is None
        time.sleep(0.05)
    child.kill()
    child.communicate()
    kept = partial.stat().st_size
    finished = subprocess.run(command, **options, timeout=60)
    assert Path(finished.stdout.strip()).read_bytes() == content and hub.blob_requests() == ["", f"bytes={kept}-"]


@pytest.mark.slow
def test_a_run_with_a_wrong_file_ends_with_status_2_and_one_line(hub, tmp_path):
    pytest.importorskip("xllamacpp")
    name = f"local-{REPO}:Q5_K_M"
    command = [sys.executable, str(ROOT / "main.py"), "--test_engine", name, "--evaluation_engine", name]
    finished = subprocess.run(
        [*command, "--module", "train_centralized", "--task", "RG_gcd"],
        cwd=tmp_path,
        env=environment(hub, tmp_path),
        capture_output=True,
        text=True,
        timeout=120,
    )
    line = f"error: unknown file or quantization in {REPO} 'Q5_K_M'; known, nearest first: "
    assert finished.returncode == 2 and finished.stderr.splitlines()[-1].startswith(line)
    assert finished.stderr.count("\n") == 1 and "tiny-Q8_0.gguf" in finished.stderr and PARTS[0] in finished.stderr


@pytest.mark.slow
def test_a_downloaded_model_replies(hub):
    pytest.importorskip("xllamacpp")
    try:
        hub.repos["me/SmolLM2-GGUF"] = {"SmolLM2-Q4_1.gguf": smollm2_path().read_bytes()}
    except BrokenSystem as missing:
        pytest.skip(str(missing))
    engine = LocalEngine("me/SmolLM2-GGUF")
    engine.check()
    reply = engine.complete([{"role": "user", "content": "Say hello."}], Sampling(max_tokens=8))
    assert reply.text.strip() and engine.endpoint == "local:me/SmolLM2-GGUF"
