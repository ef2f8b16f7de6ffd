"""Fallbacks: a merge that fails costs one of these, never the run."""

from enum import StrEnum


class Fallback(StrEnum):
    """Replacement for something unusable. The values are part of results.json."""

    TOO_LONG = "too_long"
    """One of several uploads exceeded the token budget and was ignored."""
    AS_UPLOADED = "as_uploaded"
    """A rewrite failed, so the upload was used unchanged."""
    CONCAT = "concat"
    """A merge failed, so its prompts were concatenated."""
    LEFT_OUT = "left_out"
    """A merge inside the tree failed and its concatenation was too long."""
    OLD_PROMPT = "old_prompt"
    """Nothing was usable, so the global prompt stayed."""
