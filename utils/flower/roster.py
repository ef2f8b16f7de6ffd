"""Which sites are there: names that stay, on nodes that come and go."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from textgrad.errors import BrokenSystem, UsageError
from utils.flower.post import HELLO, NoAnswer, Post
from utils.flower.wire import Record

_POLL = 0.5  # seconds


@dataclass(frozen=True)
class Introduction:
    """What a site says of itself: its name, and how many questions it has of each task."""

    name: str
    questions: dict[str, int]


class Roster:
    """Greets every node once, and knows by its name which client it is.

    Args:
        post: to the nodes.
        hello: what they are asked.
        names: of the sites, as clients 0, 1, ...; empty to take those that come, in the order of their names.
        say: told in a line of everything that an administrator should see.
    """

    def __init__(self, post: Post, hello: Record, names: tuple[str, ...], say: Callable[[str], None]):
        self.post, self.hello, self.names, self.say = post, hello, names, say
        self.known: dict[str, Introduction] = {}
        self._node_of: dict[str, int] = {}
        self._greeted: dict[str, int] = {}
        self._met: set[int] = set()
        self._connected: set[int] = set()

    def node(self, client: int) -> int | None:
        """The node at which a client is now, or None where it is not connected."""
        node = self._node_of.get(self.names[client])
        return node if node in self._connected else None

    def forget(self, client: int) -> None:
        """A client's node was found to be gone; it is greeted anew if it is there after all."""
        self._met.discard(self._node_of.pop(self.names[client], None))

    def refresh(self) -> None:
        """Looks who is connected, greets newcomers and reads their answers. Does not wait."""
        self._connected = self.post.nodes()
        waiting = set(self._greeted.values())
        for node in sorted(self._connected - self._met - waiting):
            if sent := self.post.send(node, HELLO, self.hello):
                self._greeted[sent] = node
        for sent, answer in self.post.collect(self._greeted).items():
            self._meet(self._greeted.pop(sent), answer)

    def _meet(self, node: int, answer: Record | NoAnswer) -> None:
        if isinstance(answer, NoAnswer) and answer.gone:
            return
        self._met.add(node)
        try:
            found = Introduction(str(answer["name"]), dict(zip(answer["tasks"], answer["questions"], strict=True)))
        except (TypeError, KeyError, ValueError):
            kind = f" ({answer.kind}; the site's own log tells more)" if isinstance(answer, NoAnswer) else ""
            return self.say(f"node {node} is left out: it has not introduced itself{kind}")
        if self.names and found.name not in self.names:
            return self.say(f"node {node} is left out: {found.name!r} is no site of this run")
        if found.name in self._node_of:
            self.say(f"site {found.name} is now at node {node}")
        self._node_of[found.name] = node
        self.known[found.name] = found

    def gather(self, count: int, at_least: int, seconds: float) -> None:
        """Waits until all sites have come.

        Args:
            count: how many a run has.
            at_least: with so many a run whose sites are named starts without the others.
            seconds: how long it waits.

        Raises:
            UsageError: more sites came than a run has clients, and none are named.
            BrokenSystem: too few came.
        """
        self.say(f"waiting for {count} sites")
        end = time.monotonic() + seconds
        while len(self.known) < count and time.monotonic() < end:
            self.refresh()
            time.sleep(_POLL)
        here = ", ".join(sorted(self.known)) or "none"
        if len(self.known) > count:
            raise UsageError(
                f"{len(self.known)} sites came ({here}) and the run has {count} clients: name them with --sites"
            )
        if len(self.known) < (at_least if self.names else count):
            raise BrokenSystem(
                f"{len(self.known)} of {count} sites came within {seconds:g} seconds ({here}): start "
                "the others, or name all with --sites to start with --min_clients of them"
            )
        self.names = self.names or tuple(sorted(self.known))
        self.say(
            "sites: "
            + ", ".join(
                f"{number} {name}" + ("" if name in self.known else " (not there yet)")
                for number, name in enumerate(self.names)
            )
        )
