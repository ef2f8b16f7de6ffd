"""Registry of sites: maps permanent site names to Flower's changing nodes."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from textgrad.errors import BrokenSystem, UsageError
from utils.flower.messenger import QUERY, Messenger, NoAnswer
from utils.flower.records import Record, count

_POLL_SECONDS = 0.5


@dataclass(frozen=True)
class SiteInfo:
    """A site's name and its number of training questions per task."""

    name: str
    questions: dict[str, int]


class SiteRegistry:
    """Sites by name, filled by one query per new node; finds the node of a client.

    Args:
        messenger: connection to the nodes.
        request: content of the query.
        names: names of the sites of clients 0, 1, ...; empty to accept any sites, sorted by name.
        log: called with one line per event that an administrator should see.

    Attributes:
        sites: all sites of the run that have answered so far, by name.
    """

    def __init__(self, messenger: Messenger, request: Record, names: tuple[str, ...], log: Callable[[str], None]):
        self.messenger, self.request, self.names, self.log = messenger, request, names, log
        self.sites: dict[str, SiteInfo] = {}
        self._node_of: dict[str, int] = {}
        self._pending: dict[str, int] = {}  # node by id of the query
        self._answered: set[int] = set()
        self._connected: set[int] = set()

    def node(self, client: int) -> int | None:
        """Return the id of a client's node, or None if it is not connected."""
        node = self._node_of.get(self.names[client])
        return node if node in self._connected else None

    def forget(self, client: int) -> None:
        """Remove a client's node, which is unavailable; if it is connected after all, it is queried again."""
        self._answered -= {self._node_of.pop(self.names[client], None)}

    def refresh(self) -> None:
        """Query new nodes and read the answers that have arrived, without waiting."""
        self._connected = self.messenger.nodes()
        for node in sorted(self._connected - self._answered - set(self._pending.values())):
            if message_id := self.messenger.send(node, QUERY, self.request):
                self._pending[message_id] = node
        for message_id, answer in self.messenger.collect(self._pending).items():
            self._register(self._pending.pop(message_id), answer)

    def _register(self, node: int, answer: Record | NoAnswer) -> None:
        if isinstance(answer, NoAnswer) and answer.node_unavailable:
            return
        self._answered.add(node)
        site = _site_info(answer)
        if site is None:
            cause = f" ({answer.kind}; see the site's own log)" if isinstance(answer, NoAnswer) else ""
            self.log(f"ignoring node {node}: it did not send its site's name{cause}")
        elif self.names and site.name not in self.names:
            self.log(
                f"ignoring node {node}: {site.name!r} is not a site of this run; its sites: {', '.join(self.names)}"
            )
        else:
            if site.name in self._node_of:
                self.log(f"site {site.name} is now at node {node}")
            self._node_of[site.name] = node
            self.sites[site.name] = site

    def wait_for_sites(self, count: int, minimum: int, seconds: float) -> None:
        """Wait until all sites are connected.

        Args:
            count: number of sites of the run.
            minimum: number that suffices when time is up, if the sites are named.
            seconds: longest wait.

        Raises:
            UsageError: more sites are connected than the run has clients, and they are not named.
            BrokenSystem: too few sites are connected.
        """
        self.log(f"waiting for {count} sites")
        end = time.monotonic() + seconds
        while len(self.sites) < count and time.monotonic() < end:
            self.refresh()
            time.sleep(_POLL_SECONDS)
        self._check_count(count, minimum if self.names else count, seconds)
        self.names = self.names or tuple(sorted(self.sites))
        labels = [name if name in self.sites else f"{name} (not connected yet)" for name in self.names]
        self.log("sites: " + ", ".join(f"{number} {label}" for number, label in enumerate(labels)))

    def _check_count(self, count: int, minimum: int, seconds: float) -> None:
        connected = ", ".join(sorted(self.sites)) or "none"
        if len(self.sites) > count:
            raise UsageError(
                f"{len(self.sites)} sites are connected ({connected}), but the run has {count} clients: "
                "name its sites with --sites"
            )
        if len(self.sites) < minimum:
            raise BrokenSystem(
                f"{len(self.sites)} of {count} sites connected within {seconds:g} seconds ({connected}): start the "
                "others, or name all with --sites, so that the run starts with --min_clients of them"
            )


def _site_info(answer: Record | NoAnswer) -> SiteInfo | None:
    if isinstance(answer, NoAnswer):
        return None
    try:
        questions = map(count, answer["questions"])
        return SiteInfo(str(answer["name"]), dict(zip(answer["tasks"], questions, strict=True)))
    except (TypeError, KeyError, ValueError):
        return None
