"""An engine whose replies are a function of the request, and which records its calls."""

import re
import threading

from textgrad.engine import EngineLM


class ScriptedEngine(EngineLM):
    """Returns `reply(prompt)`, or the texts of a list in order; the last one is repeated.

    Attributes:
        calls: (prompt, system_prompt) of every call, in order of arrival.
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
    """Return the text between a tag and its closing tag, which must occur exactly once in the request."""
    found = re.findall(rf"<{tag}>\n(.*?)\n</{tag}>", request, re.DOTALL)
    assert len(found) == 1, f"{tag} occurs {len(found)} times in:\n{request}"
    return found[0]
