"""What a user sees when the system fails: broken file systems, full and closed outputs, certificates, closed pipes."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import toy

import main

ROOT = Path(main.__file__).parent
FULL = Path("/dev/full")

# Replaces functions by ones that fail as on file systems that lack the feature.
SITECUSTOMIZE = """
import errno, os, sqlite3
broken = os.environ["BREAK"].split(",")

def failing(number):
    def fail(*args, **kwargs):
        raise OSError(number, os.strerror(number))
    return fail

for name, number in (("symlink", errno.EOPNOTSUPP), ("chmod", errno.EPERM), ("fchmod", errno.EPERM),
                     ("replace", errno.EXDEV), ("utime", errno.EPERM), ("statvfs", errno.ENOSYS),
                     ("link", errno.EPERM), ("fsync", errno.EINVAL)):
    if name in broken:
        setattr(os, name, failing(number))
if "flock" in broken:
    import fcntl
    fcntl.flock = failing(errno.ENOLCK)
if "wal" in broken:
    class Connection(sqlite3.Connection):
        def execute(self, sql, *args):
            if "journal_mode=WAL" in sql:
                raise sqlite3.OperationalError("locking protocol")
            return super().execute(sql, *args)
    connect = sqlite3.connect
    sqlite3.connect = lambda *args, **kwargs: connect(*args, **{**kwargs, "factory": Connection})
"""


def run(arguments, redirect="", environment=None, cwd=None) -> subprocess.CompletedProcess:
    """Run Python in a shell with a redirection such as ">&-"."""
    command = ["sh", "-c", f'"$0" "$@" {redirect}', sys.executable, *map(str, arguments)]
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")} | (environment or {})
    return subprocess.run(
        command, capture_output=True, text=True, timeout=120, env=environment, cwd=cwd or ROOT, stdin=subprocess.DEVNULL
    )


def train(folder: Path, *more: str, redirect="", environment=None, cwd=None) -> subprocess.CompletedProcess:
    return run([ROOT / "main.py", *toy.options(folder, "--rounds", "1", *more)], redirect, environment, cwd)


def error_lines(finished: subprocess.CompletedProcess) -> list[str]:
    assert "Traceback" not in finished.stderr + finished.stdout
    return toy.error_lines(finished.stderr)


@pytest.mark.parametrize(
    "broken, told",
    [
        ("symlink", ""),
        ("chmod,fchmod", ""),
        ("flock", "cannot be locked (No locks available)"),
        ("wal", "is opened for this process alone"),
        ("replace", ""),
        ("utime,statvfs,link,fsync", ""),
        ("symlink,chmod,fchmod,flock,wal,replace,utime,statvfs,link,fsync", "cannot be locked"),
    ],
)
def test_a_run_goes_on_where_the_file_system_lacks_a_feature(tmp_path, broken, told):
    (tmp_path / "sitecustomize.py").write_text(SITECUSTOMIZE)
    environment = {"PYTHONPATH": str(tmp_path), "BREAK": broken}
    finished = train(tmp_path, environment=environment)
    assert finished.returncode == 0 and error_lines(finished) == []
    assert told in finished.stdout
    if "symlink" in broken:
        assert not (tmp_path / "logs" / "latest").exists()
    again = train(tmp_path, "--log_dir", str(tmp_path / "sound"))
    assert again.returncode == 0 and toy.story(tmp_path / "sound" / "run") == toy.story(tmp_path / "logs" / "run")
    assert train(tmp_path, environment=environment).returncode == 0  # the run can be continued


@pytest.mark.skipif(not FULL.exists(), reason="needs /dev/full")
def test_a_full_output_is_reported_on_the_other_stream_and_by_the_exit_status(tmp_path):
    finished = train(tmp_path, redirect=">/dev/full")
    assert finished.returncode == 1
    assert error_lines(finished) == [
        "warning: cannot write standard output: No space left on device; a run also writes to run.log"
    ]
    assert (tmp_path / "logs" / "run" / "results.json").exists()
    assert "results are in" in (tmp_path / "logs" / "run" / "run.log").read_text()


@pytest.mark.parametrize("redirect", [">&-", "2>&-", "<&-", ">&- 2>&- <&-", "2>/dev/full", "| head -n 1"])
def test_a_closed_output_does_not_end_a_run(tmp_path, redirect):
    finished = train(tmp_path, redirect=redirect)
    lines = error_lines(finished)
    assert finished.returncode == 0
    assert ["warning: cannot write standard output" in line for line in lines] == [True] * (redirect == ">&-")
    assert (tmp_path / "logs" / "run" / "results.json").exists()


@pytest.mark.skipif(not FULL.exists(), reason="needs /dev/full")
@pytest.mark.parametrize("redirect", ["2>&-", "2>/dev/full"])
def test_lost_error_output_is_reported_once_on_standard_output(redirect):
    code = "import sys; from utils.program.streams import protect_streams; protect_streams()"
    finished = run(["-c", f"{code}\nfor _ in range(2): print('lost', file=sys.stderr, flush=True)"], redirect)
    assert finished.stdout.count("warning: cannot write standard error: ") == finished.stdout.count("\n") == 1


@pytest.fixture(scope="module")
def finished_run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("finished")
    assert train(folder).returncode == 0
    return folder


@pytest.mark.parametrize("redirect, status", [(">/dev/full", 1), (">&-", 0), ("2>&-", 0), ("| true", 0), ("<&-", 0)])
@pytest.mark.parametrize(
    "command",
    [
        "main.py --help",
        "main.py --dry_run OPTIONS",
        "-m utils.report RUN",
        "-m utils.report --help",
        "-m utils.run_log.ledger RUN",
        "-m utils.run_log.ledger --help",
        "-m utils.engines.doctor --help",
        "-m utils.flower.export_shards --to SHARDS OPTIONS",
    ],
)
def test_no_program_fails_with_a_traceback_when_its_output_fails(finished_run, tmp_path, command, redirect, status):
    words = {
        "OPTIONS": toy.options(tmp_path),
        "RUN": [str(finished_run / "logs" / "run")],
        "SHARDS": [str(tmp_path / "shards")],
    }
    finished = run([part for word in command.split() for part in words.get(word, [word])], redirect)
    assert finished.returncode == (0 if "|" in redirect else status)
    assert len(error_lines(finished)) == (redirect in (">/dev/full", ">&-"))


@pytest.mark.parametrize("redirect", ["2>&-", "2>/dev/full"])
def test_an_error_is_printed_where_it_can_be_read(tmp_path, redirect):
    finished = train(tmp_path, "--num_clients", "0", redirect=redirect)
    assert finished.returncode == 2 and "error: --num_clients" in finished.stdout


@pytest.mark.parametrize(
    "variable, content",
    [
        ("SSL_CERT_FILE", None),
        ("SSL_CERT_FILE", "no certificate"),
        ("SSL_CERT_FILE", ""),
        ("REQUESTS_CA_BUNDLE", None),
        ("CURL_CA_BUNDLE", None),
        ("SSL_CERT_DIR", None),
    ],
)
def test_unusable_certificates_are_refused_before_the_run(tmp_path, variable, content):
    path = tmp_path / "certificates.pem"
    if content is not None:
        path.write_text(content)
    environment = {variable: str(path), "OPENAI_BASE_URL": "https://127.0.0.1:1/v1", "OPENAI_API_KEY": "sk-example-key"}
    refused = run([ROOT / "main.py", *toy.options(tmp_path, engine="openai-m")], environment=environment)
    (line,) = error_lines(refused)
    assert refused.returncode == 2 and f"{variable}={path}" in line and not (tmp_path / "logs").exists()


@pytest.mark.parametrize("proxy", ["http://:3128", "http://proxy:0", "http://a b:1", "socks5://", "ftp://proxy:1"])
def test_an_unusable_proxy_is_refused_before_the_run(tmp_path, proxy):
    environment = {"HTTP_PROXY": proxy, "OPENAI_BASE_URL": "http://host.example/v1"}
    refused = run([ROOT / "main.py", *toy.options(tmp_path, engine="openai-m")], environment=environment)
    (line,) = error_lines(refused)
    assert refused.returncode == 2 and "invalid proxy in HTTP_PROXY" in line and not (tmp_path / "logs").exists()


def test_a_folder_that_was_deleted_is_named(tmp_path):
    options = toy.options(tmp_path)
    options[options.index("--log_dir") + 1] = "logs"
    gone = tmp_path / "gone"
    gone.mkdir()
    script = f'cd "{gone}"; rmdir "{gone}"; "$0" "$@"'
    refused = subprocess.run(
        ["sh", "-c", script, sys.executable, str(ROOT / "main.py"), *options], capture_output=True, text=True
    )
    (line,) = error_lines(refused)
    assert refused.returncode == 2 and "the current folder does not exist any more" in line


@pytest.mark.parametrize(
    "run_name, prepare, told",
    [
        ("n" * 300, None, "File name too long; choose a shorter name"),
        ("run", lambda logs: (logs / "run" / "run.log").mkdir(parents=True), "Is a directory"),
        ("run", lambda logs: (logs / "run" / "calls.sqlite").mkdir(parents=True), "unable to open database file"),
        ("run", lambda logs: logs.symlink_to("logs"), "Too many levels of symbolic links"),
        ("run", lambda logs: logs.write_text(""), "a part of the path is a file"),
    ],
)
def test_a_path_that_cannot_be_written_is_one_line_with_the_fix(tmp_path, run_name, prepare, told):
    if prepare:
        prepare(tmp_path / "logs")
    refused = train(tmp_path, "--run_name", run_name)
    (line,) = error_lines(refused)
    assert refused.returncode == 2 and told in line and str(tmp_path / "logs") in line


def test_the_default_run_name_fits_into_a_file_name(tmp_path):
    task = toy.task_file(tmp_path).rename(tmp_path / f"{'題' * 80}.jsonl")
    finished = train(tmp_path, "--task", str(task), "--run_name", "")
    assert finished.returncode == 0 and error_lines(finished) == []


def test_too_many_open_files_are_one_line_or_no_problem(tmp_path):
    for limit in (10, 12, 16, 40):
        finished = run(
            ["-c", "import resource, runpy, sys; n = int(sys.argv.pop(1)); "
             "resource.setrlimit(resource.RLIMIT_NOFILE, (n, n)); sys.argv.pop(0); "
             "sys.path.insert(0, '.'); runpy.run_path(sys.argv[0], run_name='__main__')",
             limit, ROOT / "main.py", *toy.options(tmp_path, "--rounds", "1", "--run_name", f"limit{limit}")]
        )  # fmt: skip
        lines = error_lines(finished)
        assert finished.returncode == 0 and not lines or finished.returncode == 2 and len(lines) == 1


@pytest.mark.skipif(not shutil.which("mount") or os.geteuid() != 0, reason="needs to mount a file system")
def test_a_read_only_file_system_is_named(tmp_path):
    folder = tmp_path / "logs"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", folder], capture_output=True).returncode:
        pytest.skip("cannot mount a file system")
    try:
        (line,) = error_lines(refused := train(tmp_path))
        assert refused.returncode == 2 and "Read-only file system; choose a folder on a writable" in line
    finally:
        subprocess.run(["umount", folder], check=True)
