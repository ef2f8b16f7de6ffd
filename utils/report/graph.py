"""The graph of prompts: global prompt -> clients -> merge -> next global prompt, as positions for an inline SVG."""

from dataclasses import dataclass
from typing import Any

from utils.report.runs import Run

_WIDTH, _GAP, _HEIGHT, _SPACE = 132, 34, 40, 10  # of a node and between nodes, in pixels
_MAX_CLIENTS = 8  # nodes per round; more clients are one node


@dataclass(frozen=True)
class Node:
    """One prompt.

    Attributes:
        x, y: of its upper left corner.
        title, detail: its two lines.
        kind: "global", "client", "kept" (the old prompt stayed) or "best".
        link: target in the call browser, "" for none.
    """

    x: int
    y: int
    title: str
    detail: str
    kind: str
    link: str = ""

    @property
    def inlet(self) -> tuple[int, int]:
        """Point where edges end."""
        return self.x, self.y + _HEIGHT // 2

    @property
    def outlet(self) -> tuple[int, int]:
        """Point where edges start."""
        return self.x + _WIDTH, self.y + _HEIGHT // 2


@dataclass(frozen=True)
class Graph:
    """Nodes and edges.

    Attributes:
        width, height: of the drawing.
        nodes: the prompts.
        edges: (x, y) of start and end.
    """

    width: int
    height: int
    nodes: list[Node]
    edges: list[tuple[tuple[int, int], tuple[int, int]]]
    node_width: int = _WIDTH
    node_height: int = _HEIGHT


def prompt_graph(run: Run) -> Graph | None:
    """Return the graph of a run; None without a global prompt or without rounds."""
    rounds = run.results["rounds"]
    if run.options.get("aggregate_method") == "none" or len(rounds) < 2:
        return None
    rows = max(_rows(record) for record in rounds[1:])
    height = rows * (_HEIGHT + _SPACE) - _SPACE
    best = run.results["best_round"]
    previous = _global(0, rounds[0], height, "best" if best == 0 else "global")
    nodes, edges = [previous], []
    for number, record in enumerate(rounds[1:], start=1):
        kind = "best" if number == best else "kept" if record["kept_old"] else "global"
        merged = _global(number, record, height, kind, f"merge/{number}" if record["merge"] else "")
        for node in _clients(number, record, height):
            nodes.append(node)
            edges += [(previous.outlet, node.inlet), (node.outlet, merged.inlet)]
        nodes.append(merged)
        previous = merged
    return Graph(previous.x + _WIDTH + 2, height + 2, nodes, edges)


def _rows(record: dict[str, Any]) -> int:
    return min(len(record["uploads"]), _MAX_CLIENTS + 1) or 1


def _global(number: int, record: dict[str, Any], height: int, kind: str, link: str = "") -> Node:
    validation = (record.get("validation") or {}).get("mean") or {}
    known = validation.get("value") is not None
    n = f"{validation['n']} of {validation['raced_of']}" if "raced_of" in validation else validation.get("n")
    accuracy = f"{validation['value']:.2f}, n = {n}" if known else "not validated"
    x = 1 + number * 2 * (_WIDTH + _GAP)
    return Node(x, 1 + (height - _HEIGHT) // 2, f"round {number}" if number else "initial", accuracy, kind, link)


def _clients(number: int, record: dict[str, Any], height: int) -> list[Node]:
    uploads = list(record["uploads"].items())
    shown, others = uploads[:_MAX_CLIENTS], uploads[_MAX_CLIENTS:]
    x, count = 1 + (2 * number - 1) * (_WIDTH + _GAP), len(shown) + bool(others)
    top = 1 + (height - count * (_HEIGHT + _SPACE) + _SPACE) // 2
    nodes = [
        Node(
            x,
            top + row * (_HEIGHT + _SPACE),
            f"client {client}",
            f"{upload['accepted_steps']} of {upload['steps']} steps",
            "client",
            f"step/{number}/{client}/1",
        )
        for row, (client, upload) in enumerate(shown)
    ]
    if others:
        accepted, steps = (sum(upload[key] for _, upload in others) for key in ("accepted_steps", "steps"))
        y = top + len(shown) * (_HEIGHT + _SPACE)
        nodes.append(Node(x, y, f"{len(others)} more clients", f"{accepted} of {steps} steps", "client"))
    return nodes
