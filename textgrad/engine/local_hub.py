"""GGUF models of the Hugging Face hub: choose a file, download it to the hub's cache and verify it."""

import functools
import hashlib
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from textgrad.bar_output import bar_output
from textgrad.certificates import ssl_context
from textgrad.errors import BrokenSystem, StopRun, UsageError, unknown
from textgrad.packages import require_package
from textgrad.system_errors import describe

_NAME = re.compile(r"([a-z0-9][\w.-]*/[a-z0-9][\w.-]*)(?::(.+))?", re.ASCII | re.IGNORECASE)
_PART = re.compile(r"-(\d{5})-of-(\d{5})\.gguf$")
_IMAGE_ENCODER = "mmproj"
_SMALL = 10**9  # bytes; below it, the memory that a stronger quantization saves is not worth its loss of quality
_SMALL_QUANTIZATION = "Q8_0"
# Q4_K_M is the usual compromise of size and quality; weaker ones than 4 bits are left to the user.
QUANTIZATIONS = ("Q4_K_M", "Q5_K_M", "Q4_K_S", "Q4_0", "Q4_1", "IQ4_XS", "Q5_0", "Q6_K", "Q8_0", "F16", "BF16", "F32")


def hub_name(model: str) -> tuple[str, str] | None:
    """Return repository and file or quantization ("" if not given) of <owner>/<repo>[:<file or quantization>].

    None for any other name. <folder>/<file>.gguf without a colon is a path.
    """
    match = _NAME.fullmatch(model)
    if not match or (model.lower().endswith(".gguf") and not match[2]):
        return None
    return match[1], match[2] or ""


@functools.cache
def download(repo: str, wanted: str) -> Path:
    """Return a model file in the hub's cache, after its download if necessary; of a split model, the first part.

    An interrupted download is resumed. If the hub is unreachable, the cached files are used.

    Args:
        repo: <owner>/<repo>.
        wanted: file name or quantization; "" chooses as `choose` does.

    Raises:
        UsageError: the repository or the file does not exist, or needs a token.
        BrokenSystem: huggingface_hub is missing, nothing is cached and the hub is unreachable, or a checksum is wrong.
    """
    require_package("huggingface_hub")
    from huggingface_hub.errors import HFValidationError, RepositoryNotFoundError

    try:
        info = _info(repo)
    except (HFValidationError, RepositoryNotFoundError) as error:
        raise _stop(repo, error) from error
    except Exception as error:  # of any of the libraries for network and files
        snapshot = _snapshot(repo)
        cached = [path for path in snapshot.rglob("*.gguf") if path.is_file()]  # a link may lead nowhere
        sizes = {path.relative_to(snapshot).as_posix(): path.stat().st_size for path in cached}
        if not sizes:
            raise _stop(repo, error) from error
        return snapshot / choose(f"the cache of {repo}", wanted, sizes)[0]
    files = {file.rfilename: file for file in info.siblings or []}
    chosen = choose(repo, wanted, {name: file.size for name, file in files.items()})
    try:
        return [_fetch(repo, info.sha, files[name]) for name in chosen][0]
    except StopRun:
        raise
    except Exception as error:
        raise _stop(repo, error) from error


def choose(source: str, wanted: str, sizes: Mapping[str, int | None]) -> list[str]:
    """Return the files of a model: several if it is split, in order.

    Args:
        source: where the files are, for error messages.
        wanted: file name or quantization; "" for Q8_0 if that file has less than 1 GB, else for the first of
            `QUANTIZATIONS` that exists, else for the only model.
        sizes: bytes by file name; None if unknown.

    Raises:
        UsageError: no file matches; the message lists the GGUF files.
    """
    models = _models(sizes)
    if not models:
        raise UsageError(
            f"{source} holds no .gguf file: choose a repository with GGUF files (often named ...-GGUF); "
            f"it holds {', '.join(sorted(sizes)[:12]) or 'nothing'}"
        )
    candidates = {name: parts for name, parts in models.items() if _IMAGE_ENCODER not in name.lower()}
    if wanted:
        named = (name for name in models if wanted in (name, name.rpartition("/")[2]))
        if found := next(named, None) or _quantized(candidates, wanted):
            return models[found]
        raise unknown(f"file or quantization in {source}", wanted, models)
    small = _quantized(candidates, _SMALL_QUANTIZATION)
    if small and sum(sizes[part] or _SMALL for part in candidates[small]) < _SMALL:
        return candidates[small]
    for quantization in QUANTIZATIONS:
        if found := _quantized(candidates, quantization):
            return candidates[found]
    if len(candidates) == 1:
        return next(iter(candidates.values()))
    raise UsageError(
        f"cannot choose a model in {source}: add :<file> to the engine name; its files are {', '.join(models)}"
    )


def _models(names: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the files of each complete model by the name of the first."""
    models: dict[str, list[str]] = {}
    for name in sorted(names):
        part = _PART.search(name)
        if not part:
            if name.endswith(".gguf"):
                models[name] = [name]
        elif int(part[1]) == 1:
            stem = name[: part.start()]
            parts = [f"{stem}-{number:05}-of-{part[2]}.gguf" for number in range(1, int(part[2]) + 1)]
            if all(each in names for each in parts):
                models[name] = parts
    return models


def _quantized(models: Mapping[str, list[str]], quantization: str) -> str | None:
    """Return the model with this quantization in its name, or None.

    Of several, the one with the fewest parts, then with the shortest name.
    """
    pattern = re.compile(rf"(?<![a-z0-9]){re.escape(quantization)}(?![a-z0-9_])", re.IGNORECASE)
    found = [name for name in models if pattern.search(name)]
    return min(found, key=lambda name: (len(models[name]), len(name), name), default=None)


def _info(repo: str) -> Any:
    from huggingface_hub import HfApi, constants

    return HfApi().model_info(repo, files_metadata=True, timeout=constants.HF_HUB_ETAG_TIMEOUT)


def _cache_folder(repo: str, *parents: str) -> Path:
    from huggingface_hub import constants
    from huggingface_hub.file_download import repo_folder_name

    return Path(constants.HF_HUB_CACHE, *parents, repo_folder_name(repo_id=repo, repo_type="model"))


def _snapshot(repo: str) -> Path:
    """Return the cached folder of the branch main; it may not exist."""
    folder = _cache_folder(repo)
    ref = folder / "refs" / "main"
    return folder / "snapshots" / (ref.read_text() if ref.exists() else "none")


def _fetch(repo: str, commit: str, file: Any) -> Path:
    """Return a file in the cache. Large files are in Git LFS, which gives their checksum."""
    from huggingface_hub import hf_hub_download, try_to_load_from_cache
    from huggingface_hub.utils import WeakFileLock

    cached = try_to_load_from_cache(repo, file.rfilename, revision=commit)
    if isinstance(cached, str):
        return Path(cached)
    if file.lfs:
        blob = _cache_folder(repo) / "blobs" / file.lfs.sha256
        lock = _cache_folder(repo, ".locks") / f"{file.lfs.sha256}.lock"
        for folder in (blob.parent, lock.parent):
            folder.mkdir(parents=True, exist_ok=True)
        with WeakFileLock(lock):
            if not blob.exists():
                _fetch_blob(repo, commit, file, blob)
    return Path(hf_hub_download(repo, file.rfilename))  # finds the blob, and links to it


def _fetch_blob(repo: str, commit: str, file: Any, blob: Path) -> None:
    """Download a file, because `hf_hub_download` neither resumes after a crash nor verifies the checksum."""
    from huggingface_hub import hf_hub_url
    from huggingface_hub.file_download import http_get
    from huggingface_hub.utils import are_progress_bars_disabled, build_hf_headers
    from tqdm import tqdm

    bar: Any = functools.partial(tqdm, disable=are_progress_bars_disabled(), **bar_output())
    partial = blob.with_name(f"{blob.name}.incomplete")
    with partial.open("ab") as target:
        if target.tell() > file.lfs.size:
            target.seek(0)
            target.truncate()
        http_get(
            hf_hub_url(repo, file.rfilename, revision=commit),
            target,
            resume_size=target.tell(),
            headers=build_hf_headers(),
            expected_size=file.lfs.size,
            displayed_filename=file.rfilename.rpartition("/")[2],
            tqdm_class=bar,
        )
    with partial.open("rb") as content:
        found = hashlib.file_digest(content, "sha256").hexdigest()
    if found != file.lfs.sha256:
        partial.unlink()
        raise BrokenSystem(
            f"the download of {file.rfilename} from {repo} is damaged: its SHA-256 is {found}, the hub reports "
            f"{file.lfs.sha256}; run the same command again"
        )
    os.replace(partial, blob)


def _stop(repo: str, error: Exception) -> StopRun:
    from huggingface_hub import constants
    from huggingface_hub.errors import GatedRepoError, HFValidationError, RepositoryNotFoundError

    if isinstance(error, GatedRepoError):
        return UsageError(f"model {repo} is gated: accept its terms at {constants.ENDPOINT}/{repo}, and set HF_TOKEN")
    if isinstance(error, RepositoryNotFoundError):
        return UsageError(f"no model {repo} at {constants.ENDPOINT}: correct the name; if it is private, set HF_TOKEN")
    if isinstance(error, HFValidationError):
        return UsageError(f"invalid model name {repo!r}: expected <owner>/<repo>: {' '.join(str(error).split())}")
    if constants.HF_HUB_OFFLINE:
        return BrokenSystem(f"no file of model {repo} is in the cache {constants.HF_HUB_CACHE}: unset HF_HUB_OFFLINE")
    if isinstance(error, OSError) and error.errno:
        return BrokenSystem(f"cannot store model {repo} in {constants.HF_HUB_CACHE}: {describe(error)}")
    ssl_context()  # names the variable of unusable certificates, which the libraries do not
    reason = " ".join(f"{type(error).__name__}: {error}".split())[:200]
    return BrokenSystem(
        f"cannot download model {repo} from {constants.ENDPOINT} ({reason}); run the same command again to resume, "
        f"or use local-<file.gguf>"
    )
