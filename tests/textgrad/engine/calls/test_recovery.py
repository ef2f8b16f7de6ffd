"""A damaged call log: readable replies are kept, the others are requested again, and one line reports it."""

import shutil
import sqlite3

import pytest

from textgrad.engine.base import Reply
from textgrad.engine.calls import recovery
from textgrad.engine.calls.call_log import CallLog, canonical, key_of

N = 400
PAGE = 4096


@pytest.fixture
def path(tmp_path):
    log = CallLog(tmp_path / "calls.sqlite")
    for number in range(N):
        log.put(key_of(number), canonical({"number": number}), Reply(f"reply {number} " * 60), 0.0)
    log.close()
    return tmp_path / "calls.sqlite"


def readable(path):
    """Return how many replies are intact, and the warnings."""
    said = []
    log = CallLog(path, said.append)
    found = [(number, log.get(key_of(number))) for number in range(N)]
    assert all(reply is None or reply.text == f"reply {number} " * 60 for number, reply in found)
    log.put(key_of("new"), "{}", Reply("new"), 0.0)
    log.close()
    return sum(reply is not None for _, reply in found), said


def spoil(path, start, length):
    with path.open("r+b") as file:
        file.seek(start)
        file.write(bytes(range(7, 247)) * (length // 240 + 1))


def test_an_intact_log_is_not_changed(path):
    before = path.stat().st_size
    assert readable(path) == (N, []) and path.stat().st_size - before < 3 * PAGE


@pytest.mark.parametrize("page", [3, 20, 50, 70])
def test_a_damaged_page_loses_only_its_own_replies(path, page):
    spoil(path, page * PAGE, PAGE // 2)
    found, said = readable(path)
    assert N - 12 <= found < N and len(said) >= 1 and "damaged" in said[0] and "calls.sqlite" in said[0]
    assert readable(path)[0] == found


def test_a_damaged_index_page_loses_no_reply(path):
    data = path.read_bytes()
    page = next(
        number
        for number in range(2, len(data) // PAGE)  # 10: a leaf of an index
        if data[number * PAGE] == 10 and key_of(7).encode() in data[number * PAGE : (number + 1) * PAGE]
    )
    spoil(path, page * PAGE, PAGE // 2)
    found, said = readable(path)
    assert found == N and len(said) == 1 and "replies were recovered" in said[0]


def test_damage_in_the_log_of_a_killed_run_loses_only_the_replies_on_that_page(path, tmp_path):
    log = CallLog(path)
    for number in range(N, 8 * N):
        log.put(key_of(number), "{}", Reply("late"), 0.0)
    killed = tmp_path / "killed"
    killed.mkdir()
    for part in tmp_path.glob("calls.sqlite*"):
        shutil.copy(part, killed)
    log.close()
    spoil(killed / path.name, 20 * PAGE, PAGE // 2)
    found, _ = readable(killed / path.name)
    late = CallLog(killed / path.name)
    assert N - 12 <= found < N and all(late.get(key_of(number)) for number in range(N, 8 * N))
    late.close()


def test_a_truncated_file_keeps_the_replies_before_the_cut(path):
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size * 2 // 3 + 100)
    found, said = readable(path)
    assert N // 3 < found < N and len(said) == 1 and "replies were recovered" in said[0]
    assert path.with_name("calls.sqlite.damaged").exists()
    assert readable(path) == (found, [])


def test_a_damaged_header_starts_a_new_log_and_keeps_the_old_file(path):
    spoil(path, 0, PAGE)
    found, said = readable(path)
    assert found == 0 and len(said) == 1 and path.with_name("calls.sqlite.damaged").stat().st_size > 50 * PAGE


def test_a_reply_that_changed_on_disk_is_never_used(path):
    data = path.read_bytes()
    place = data.index(b"reply 123 reply")
    spoil_one = data[:place] + b"reply 321" + data[place + 9 :]
    path.write_bytes(spoil_one)
    found, said = readable(path)
    assert found == N - 1 and len(said) == 1


def test_a_torn_write_ahead_log_loses_only_the_partial_write(tmp_path):
    log = CallLog(tmp_path / "calls.sqlite")
    for number in range(20):
        log.put(key_of(number), "{}", Reply(f"reply {number} " * 60), 0.0)
    for suffix in ("", "-wal"):  # as a SIGKILL leaves them
        (tmp_path / f"copy.sqlite{suffix}").write_bytes((tmp_path / f"calls.sqlite{suffix}").read_bytes())
    wal = tmp_path / "copy.sqlite-wal"
    with wal.open("r+b") as file:
        file.truncate(wal.stat().st_size - 3000)
    copy = CallLog(tmp_path / "copy.sqlite", lambda line: pytest.fail(line))
    assert 15 <= sum(copy.get(key_of(number)) is not None for number in range(20)) < 20


def test_an_interrupted_recovery_is_finished(path):
    path.rename(path.with_name(".calls.sqlite.part"))
    assert readable(path)[0] == N


def test_only_the_user_can_read_the_files(path):
    spoil(path, 30 * PAGE, PAGE)
    readable(path)
    assert all(each.stat().st_mode & 0o077 == 0 for each in path.parent.iterdir() if each.suffix == ".sqlite")


def test_a_log_of_another_layout_is_refused_not_emptied(tmp_path):
    from textgrad.errors import BrokenSystem

    path = tmp_path / "calls.sqlite"
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE calls (key TEXT PRIMARY KEY, text TEXT)")
        db.execute("INSERT INTO calls VALUES ('a', 'b')")
    with pytest.raises(BrokenSystem, match="calls.sqlite"):
        CallLog(path).get("a")
    assert recovery.find_damage(path) is None
