"""Fallbacks of a failed or flawed merge; none of them stops the run."""

from enum import StrEnum


class Fallback(StrEnum):
    """Replacement for an unusable upload or reply. The values are part of results.json."""

    TOO_LONG = "too_long"
    """An upload exceeded the token budget and was ignored."""
    AS_UPLOADED = "as_uploaded"
    """A rewrite failed, so the upload was used unchanged."""
    ASKED_AGAIN = "asked_again"
    """A merge was flawed, so the aggregator ran again with a remark; see `utils.aggregation.merge_checks`."""
    CONCAT = "concat"
    """A merge failed or was flawed again, so its prompts were concatenated."""
    LEFT_OUT = "left_out"
    """A prompt did not fit into a concatenation within the token budget."""
    OLD_PROMPT = "old_prompt"
    """Nothing was usable, so the old global prompt was kept."""
