"""validated: make several merges and keep the one with the best validation accuracy.

The candidates are `union`, `sum_uid`, `summarization`, then unions without one upload each, `--uid_candidates` in all;
in a tie the first one is kept. Selection on a validation set is common in prompt search, as in GEPA (Agrawal et al.,
2025); here the candidates are merges. The server scores them, or with `--score_by clients` the clients of the round.
The gate and the choice of the best round use the server's questions, so the winner's validation accuracy is optimistic
if they are the same.
"""

from collections.abc import Sequence

from textgrad.concurrency import fan_out, scope
from textgrad.errors import BadReply
from utils.aggregation.merging import Merging
from utils.aggregation.methods import sum_uid, summarization, union
from utils.aggregation.upload import Upload


def merge(uploads: Sequence[Upload], merging: Merging) -> str:
    """Return the best candidate.

    Raises:
        BadReply: no candidate was usable.
    """
    smaller = [[each for each in uploads if each is not upload] for upload in uploads if len(uploads) > 2]
    plans = [(method.merge, uploads) for method in (union, sum_uid, summarization)]
    plans = [*plans, *((union.merge, each) for each in smaller)][: merging.candidates]
    branches = [merging.branch() for _ in plans]

    def draw(number: int) -> str | None:
        method, merged = plans[number]
        try:
            with scope(candidate=number):
                return method(merged, branches[number])
        except BadReply:
            return None

    texts = fan_out(draw, range(len(plans)))
    merging.join(branches)
    candidates = [text for text in texts if text]
    if not candidates:
        raise BadReply("none of the candidate merges could be used")
    differ = len(set(candidates)) > 1
    best = merging.best(candidates) if merging.can_score and differ else candidates[0]
    number = texts.index(best)
    merging.contradictions += branches[number].contradictions
    _, merged = plans[number]
    reason = "the best candidate merge was made without it"
    merging.left_out |= {upload.prompt: reason for upload in uploads if upload not in merged}
    return best
