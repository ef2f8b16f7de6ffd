"""How the best prompt came about: round by round, each client's steps and each merge, as coloured differences."""

import difflib
import re
from collections.abc import Iterator

from utils.metrics.statistics import share_of
from utils.report import page
from utils.report.runs import Run

_MOST = 400  # differences on one page; a browser stays quick with so many
_MOST_OPEN = 5  # clients whose steps are unfolded in the best round
_SENTENCES = re.compile(r".+?(?:[.!?:;]\s+|\n+|$)", re.DOTALL)
_WORDS = re.compile(r"(?:\w+|[^\w\s])[^\S\n]*|\s+")
_LONGEST, _ALIKE = 600, 0.4  # words of sentences that are compared word by word; share of them that must be the same


def difference(before: str, after: str) -> str:
    """HTML of the new text in which what came is green and what went is struck out.

    Sentences are compared first, and words only within those that were rewritten: quick, and it does not read a new
    sentence as the old one with most of its words exchanged.
    """
    shown = []
    for same, gone, come in _steps(_SENTENCES.findall(before), _SENTENCES.findall(after)):
        shown.append(page.text("".join(come)) if same else _rewritten("".join(gone), "".join(come)))
    return f"<pre>{''.join(shown)}</pre>"


def _steps(old: list[str], new: list[str]) -> Iterator[tuple[bool, list[str], list[str]]]:
    """From old to new: whether nothing changed, the old part, the new part."""
    for what, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        yield what == "equal", old[a:b], new[c:d]


def _rewritten(gone: str, come: str) -> str:
    old, new = _WORDS.findall(gone), _WORDS.findall(come)
    if len(old) + len(new) <= _LONGEST:
        steps = list(_steps(old, new))
        if 2 * sum(len(part) for same, part, _ in steps if same) >= _ALIKE * (len(old) + len(new)):
            return "".join(
                page.text("".join(after)) if same else _marked("".join(before), "".join(after))
                for same, before, after in steps
            )
    return _marked(gone, come)


def _marked(gone: str, come: str) -> str:
    return (f"<del>{page.text(gone)}</del>" if gone else "") + (f"<ins>{page.text(come)}</ins>" if come else "")


def lineage(run: Run) -> str:
    """The rounds up to the best one, that one open, and the later ones folded."""
    best = run.results["best_round"]
    if run.options.get("aggregate_method") == "none":
        return "<p>Local training only: every client keeps its own prompt; see prompts/.</p>"
    left = [_MOST]
    led, later = (
        [_round(run, number, left, opened=number == best) for number in numbers]
        for numbers in (range(1, best + 1), range(best + 1, len(run.results["rounds"])))
    )
    parts = led or ["<p>No round beat the initial prompt on the validation questions.</p>"]
    if later:
        parts.append(page.folded("Later rounds: none validated better", "".join(later)))
    if left[0] < 0:
        parts.append(f'<p class="soft">{-left[0]} more differences are left out; the prompts are in prompts/.</p>')
    return "".join(parts)


def _round(run: Run, number: int, left: list[int], opened: bool) -> str:
    """One round: its clients, then the merge."""
    broadcast = run.prompt(f"round{number - 1:02d}_global") or run.prompt("initial")
    done = run.results["rounds"][number]
    shown = opened and len(done["uploads"]) <= _MOST_OPEN
    parts = [_client(run, number, client, broadcast, done, left, shown) for client in done["uploads"]]
    after = run.prompt(f"round{number:02d}_global")
    told = f"kept the old prompt: {done['kept_old']}" if done["kept_old"] else "new global prompt"
    if done.get("repaired"):
        told += ", lost instructions added back"
    kept = (done.get("retention") or {}).get("mean")
    told += "" if kept is None else f"; {kept:.0%} of what clients added survived"
    parts.append(f"<h3>{page.text(told)}</h3>{_shown(broadcast, after, left)}")
    validation = done["validation"].get("mean")
    return page.folded(
        f"<b>round {number}</b> <span class=soft>validation {page.text(page.share(validation))}</span>",
        "".join(parts),
        opened,
    )


def _client(run: Run, number: int, client: str, broadcast: str, done: dict, left: list[int], opened: bool) -> str:
    """A client's steps. What a guard kept back is not shown here either: a report is made to be passed on."""
    name = f"round{number:02d}_client{int(client):02d}"
    steps = run.steps.get((number, int(client)), [])
    guard = done.get("leaks", {}).get(client, {}).get("guard", "none")
    upload = done["uploads"][client]
    told = (
        f"<b>client {page.text(client)}</b> <span class=soft>{upload['accepted_steps']} of {upload['steps']} steps "
        f"accepted{'' if guard == 'none' else '; leak ' + page.text(guard)}</span>"
    )
    if guard in ("redacted", "blocked"):
        return page.folded(
            told,
            "<p class=soft>Its steps held private text and stay in its own log. What it uploaded:</p>"
            + _shown(broadcast, run.prompt(f"{name}_upload"), left),
            opened,
        )
    parts, prompt = [], broadcast
    for step in steps:
        rejected = "" if step["accepted"] else "_rejected"
        rewrite = run.prompt(f"{name}_step{step['step']:02d}{rejected}")
        after = "no rewrite" if step["after"] is None else str(share_of(step["after"], step["n"]))
        head = f"step {step['step']}: batch accuracy {share_of(step['before'], step['n'])} → {after} " + (
            f"<b class=ok>accepted</b>, {page.text(step['reason'])}"
            if step["accepted"]
            else f"<b class=no>rejected</b>, {page.text(step['reason'])}"
        )
        inner = _shown(prompt, rewrite, left) if rewrite else "<p class=soft>No usable rewrite.</p>"
        parts.append(page.folded(head, inner, step["accepted"]))
        prompt = rewrite if step["accepted"] and rewrite else prompt
    return page.folded(told, "".join(parts), opened)


def _shown(before: str, after: str, left: list[int]) -> str:
    left[0] -= 1
    return difference(before, after) if left[0] >= 0 else ""
