"""robust: leave out uploads that harm, then merge the others as `auto` does.

The upload whose absence raises the validation accuracy of the union most is left out if it does so by 0.05 or more;
this is repeated, but half of the clients or more are never left out. Leave-one-out valuation (Koh and Liang, ICML
2017, for training data) takes the place of the distances between updates that robust federated averaging uses, such as
Krum (Blanchard et al., NeurIPS 2017): texts that help need not be alike.
"""

from collections.abc import Sequence

from textgrad.errors import BadReply
from utils.aggregation.concatenation import concatenate_fitting
from utils.aggregation.items import support
from utils.aggregation.merging import Merging
from utils.aggregation.methods import auto, union
from utils.aggregation.upload import Upload

_MARGIN = 0.05  # above the noise of a paired comparison on about 100 questions


def merge(uploads: Sequence[Upload], merging: Merging) -> str:
    """Return the merge of the uploads that do no harm.

    Raises:
        BadReply: the engine's merge failed.
    """
    kept = list(uploads)
    while outlier := _outlier(kept, support(uploads)[1], merging):
        upload, merging.left_out[upload.prompt] = outlier
        kept.remove(upload)
    return auto.merge(kept, merging)


def _outlier(uploads: Sequence[Upload], clients: int, merging: Merging) -> tuple[Upload, str] | None:
    """Return the most harmful upload and the reason to leave it out, or None if there is none."""
    left = support(uploads)[1]
    suspects = [upload for upload in uploads if 2 * (left - upload.copies) > clients]
    if not merging.can_score or not suspects:
        return None
    without = [_united([each for each in uploads if each is not upload], merging) for upload in suspects]
    with_all, *scores = merging.scores([_united(uploads, merging), *without])
    if max(scores) < with_all + _MARGIN:
        return None
    reason = f"validation accuracy {max(scores):.3f} without it, {with_all:.3f} with it"
    return suspects[scores.index(max(scores))], reason


def _united(uploads: Sequence[Upload], merging: Merging) -> str:
    """Return the union or, if it is too long, the concatenation of what fits; ties of rules are not validated."""
    try:
        return union.merge(uploads, merging.without_scores())
    except BadReply:
        return concatenate_fitting([upload.prompt for upload in uploads], merging.token_budget)[0]
