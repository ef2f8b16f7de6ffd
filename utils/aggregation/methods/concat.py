"""concat: all prompts in order, shared lines once. It needs no model; prompts beyond the budget are left out.

With `--merge_form plain`, the prompts are joined as they are (paper, appendix C).
"""

from collections.abc import Sequence

from utils.aggregation.merging import Merging
from utils.aggregation.upload import Upload


def merge(uploads: Sequence[Upload], merging: Merging) -> str:
    """Return the uploads as sections, in order."""
    return merging.concat_fitting([upload.prompt for upload in uploads])
