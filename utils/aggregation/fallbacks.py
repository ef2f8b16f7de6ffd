"""Fallbacks of a failed merge; none of them stops the run."""

from enum import StrEnum


class Fallback(StrEnum):
    """Replacement for an unusable upload or reply. The values are part of results.json."""

    TOO_LONG = "too_long"
    """One of several uploads exceeded the token budget and was ignored."""
    AS_UPLOADED = "as_uploaded"
    """A rewrite failed, so the upload was used unchanged."""
    CONCAT = "concat"
    """A merge failed, so its prompts were concatenated."""
    LEFT_OUT = "left_out"
    """A merge inside the tree failed and its concatenation was too long."""
    OLD_PROMPT = "old_prompt"
    """Nothing was usable, so the old global prompt was kept."""
