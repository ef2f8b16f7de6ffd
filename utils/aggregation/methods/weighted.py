"""weighted: instructions ordered and kept by support, within the token budget.

Support is the number of training questions, then of clients, behind an instruction. Weighting clients by their data is
FedAvg's idea (McMahan et al., AISTATS 2017), here per instruction instead of per parameter.
"""

from collections.abc import Sequence

from utils.aggregation.items import items_of, keep_most_supported
from utils.aggregation.merging import Merging
from utils.aggregation.upload import Upload


def merge(uploads: Sequence[Upload], merging: Merging) -> str:
    """Return the most supported instructions.

    Raises:
        BadReply: none of them is within the token budget.
    """
    return keep_most_supported(items_of(uploads, merging.broadcast), merging)
