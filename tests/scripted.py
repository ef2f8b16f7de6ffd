"""Engines for tests: their replies are a function of the request, and they remember what they were asked."""

import re
import threading

from textgrad.engine import EngineLM


class ScriptedEngine(EngineLM):
    """Replies with `reply(prompt)`, or with the texts of a list one after the other.

    Attributes:
        calls: (prompt, system_prompt) of every call, in the order of their arrival.
    """

    model_string = "scripted"

    def __init__(self, reply="a criticism", is_multimodal=False):
        self.reply, self.is_multimodal = reply, is_multimodal
        self.calls: list[tuple] = []
        self._lock = threading.Lock()

    def generate(self, prompt, system_prompt=None, **kwargs):
        with self._lock:
            self.calls.append((prompt, system_prompt))
            if isinstance(self.reply, list):
                return self.reply[min(len(self.calls), len(self.reply)) - 1]
        return self.reply(prompt) if callable(self.reply) else self.reply

    def __call__(self, prompt, system_prompt=None):
        return self.generate(prompt, system_prompt=system_prompt)

    @property
    def prompts(self) -> list:
        return [prompt for prompt, _ in self.calls]


def inside(tag: str, request: str) -> str:
    """What a request holds between a tag and its end; an AssertionError where the pair is not there exactly once."""
    found = re.findall(rf"<{tag}>\n(.*?)\n</{tag}>", request, re.DOTALL)
    assert len(found) == 1, f"{tag} is there {len(found)} times in:\n{request}"
    return found[0]
