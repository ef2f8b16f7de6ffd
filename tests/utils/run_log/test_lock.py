"""The lock of a folder, seen from outside."""

from utils.run_log.lock import FolderLock, is_locked


def test_a_folder_is_locked_until_the_lock_is_released(tmp_path):
    lock = FolderLock(tmp_path)
    lock.acquire()
    assert is_locked(tmp_path)
    lock.release()
    assert not is_locked(tmp_path)


def test_looking_at_a_folder_neither_creates_nor_keeps_its_lock(tmp_path):
    assert not is_locked(tmp_path) and list(tmp_path.iterdir()) == []
    FolderLock(tmp_path).acquire()
    assert not is_locked(tmp_path), "released with its object"
    FolderLock(tmp_path, timeout=0).acquire()
