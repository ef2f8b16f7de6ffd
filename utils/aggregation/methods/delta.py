"""delta: unite what clients added to, changed in and removed from the broadcast prompt.

The uploads are read as edits, as in a three-way merge. All additions are kept. A changed instruction gets the wording
with most clients behind it, and one call writes a text of all tied wordings. An instruction is removed if more clients
removed it than have it. Rules are united and settled as in `union`.

In FederatedSkill (arXiv 2606.03143) clients upload edits, and SYNAPSE (2026) logs conflicts. Here the server computes
the edits, so that clients upload nothing but prompts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from textgrad.errors import BadReply
from textgrad.rule_lines import rules_in, without_rules
from utils.aggregation.contradiction import Contradiction
from utils.aggregation.fallbacks import Fallback
from utils.aggregation.items import Item, items_of, revise, support
from utils.aggregation.merging import Merging
from utils.aggregation.methods import union
from utils.aggregation.prompts import SUMMARIZE
from utils.aggregation.upload import Upload

_REMOVED = "(removed)"


def merge(uploads: Sequence[Upload], merging: Merging) -> str:
    """Return the broadcast prompt with the edits of all clients.

    Raises:
        BadReply: it exceeds the token budget.
    """
    clients = support(uploads)[1]
    items = [item for item in items_of(uploads, merging.broadcast) if not item.subject]
    edited = [item for item in items if item.old]
    winners = {item.old: _winners(item, clients) for item in edited}
    tied = [item for item in edited if len(winners[item.old]) > 1]
    text = _one_text(tied, winners, uploads, merging) if tied else ""
    edits = {old: text if len(wordings) > 1 else wordings[0] for old, wordings in winners.items()}
    for item in edited:
        outcomes = _outcomes(item, clients)
        if len(outcomes) > 1:
            kept, settled_by = edits[item.old] or _REMOVED, "call" if item in tied else "support"
            merging.contradictions.append(Contradiction(item.old, outcomes, kept, settled_by))
    prose = revise(without_rules(merging.broadcast), edits, [item.best for item in items if not item.old])
    rules = ["\n".join(map(str, rules_in(upload.prompt))) for upload in uploads]
    rules[0] = "\n".join(filter(None, [prose, rules[0]]))
    return union.merge([replace(upload, prompt=text) for upload, text in zip(uploads, rules, strict=True)], merging)


def _changes(item: Item) -> dict[str, int]:
    """Return the number of clients behind each new wording of an instruction."""
    return {wording: count for wording, count in item.clients.items() if wording != item.old}


def _outcomes(item: Item, clients: int) -> dict[str, int]:
    """Return the number of clients behind each change of an instruction, where removal is one."""
    removed = clients - item.support[1]
    return _changes(item) | ({_REMOVED: removed} if removed else {})


def _winners(item: Item, clients: int) -> list[str]:
    """Return the new wordings with the most clients, several if tied; without any, the old one; [""] removes it."""
    if clients > 2 * item.support[1]:
        return [""]
    changes = _changes(item)
    return [wording for wording, count in changes.items() if count == max(changes.values())] or [item.old]


def _one_text(
    tied: Sequence[Item], winners: Mapping[str, Sequence[str]], uploads: Sequence[Upload], merging: Merging
) -> str:
    """Return one text of all tied wordings, written by one call or, if that fails, all of them."""
    sides = [
        [wording for item in tied for wording in winners[item.old] if upload in item.versions[wording]]
        for upload in uploads
    ]
    prompts = list(dict.fromkeys("\n".join(side) for side in sides if side))
    merging.depth += 1
    try:
        return merging.ask(SUMMARIZE, prompts)
    except BadReply:
        merging.fallbacks.append(Fallback.CONCAT)
        return "\n".join(prompts)
