"""Clients in one process: who trains side by side, and who is left out."""

import threading
import time

import toy

from utils.federation.transport import LocalTransport

N = 3


class Pupil:
    """A client whose training is done at once."""

    def __init__(self, number: int):
        self.number = number

    def train(self, prompt: str, round_number: int) -> str:
        return f"{prompt} after round {round_number}"


def test_stragglers_are_all_slow_at_once(tmp_path, monkeypatch):
    meeting = threading.Barrier(N)
    monkeypatch.setattr(time, "sleep", lambda seconds: meeting.wait(timeout=5))
    config = toy.config(tmp_path, "--straggler_rate", "1", "--straggler_delay", "9")
    uploads = LocalTransport(config).exchange(1, [Pupil(number) for number in range(N)], ["Add."] * N, None)
    assert uploads == ["Add. after round 1"] * N
