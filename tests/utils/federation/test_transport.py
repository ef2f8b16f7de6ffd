"""Clients in one process train concurrently."""

import threading
import time

import toy

from utils.federation.transport import LocalTransport

N = 3


class InstantClient:
    """A client whose training takes no time."""

    def __init__(self, number: int):
        self.number = number

    def train(self, prompt: str, round_number: int) -> str:
        return f"{prompt} after round {round_number}"


def test_the_delays_of_stragglers_overlap(tmp_path, monkeypatch):
    meeting = threading.Barrier(N)
    monkeypatch.setattr(time, "sleep", lambda seconds: meeting.wait(timeout=5))
    config = toy.config(tmp_path, "--straggler_rate", "1", "--straggler_delay", "9")
    uploads = LocalTransport(config).exchange(1, [InstantClient(number) for number in range(N)], ["Add."] * N, None)
    assert uploads == ["Add. after round 1"] * N
