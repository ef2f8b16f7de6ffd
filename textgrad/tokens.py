"""Token counts without a tokenizer: one estimate and one upper bound, the same for every model."""

from textgrad.errors import BadReply


def estimate_tokens(text: str) -> int:
    """Return the estimated number of tokens in a text.

    English has about four tokens per three words. Code, numbers and other scripts have more tokens than words, which
    the length in bytes shows. The larger estimate counts, so that budgets are not exceeded.

    Args:
        text: any text.

    Returns:
        max(4/3 of the words, 1/4 of the UTF-8 bytes), rounded up; 0 for an empty text.
    """
    by_words = -(-4 * len(text.split()) // 3)
    by_bytes = -(-len(text.encode("utf-8", "surrogatepass")) // 4)
    return max(by_words, by_bytes)


def check_length(text: str, limit: int | None) -> str:
    """Return a text that is within a limit.

    Args:
        text: written by a model.
        limit: maximum estimated tokens; None for no limit.

    Raises:
        BadReply: it is longer (kind "too long"). The model reads the message when it is asked again.
    """
    if limit is not None and (tokens := estimate_tokens(text)) > limit:
        raise BadReply(f"the result has about {tokens} tokens where {limit} are allowed", kind="too long")
    return text


def max_tokens(text: str) -> int:
    """Return an upper bound of the tokens in a message: half its UTF-8 bytes, plus 16 for the chat template."""
    return len(text.encode("utf-8", "replace")) // 2 + 16
