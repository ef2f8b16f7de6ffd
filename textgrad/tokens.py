"""The length of a text in tokens, estimated: no tokenizer to install, and the same number for every model."""


def estimate_tokens(text: str) -> int:
    """About how many tokens a model makes of a text.

    English has about four tokens to three words; code, numbers and other scripts have more tokens than words, which
    the length in bytes shows. The larger of the two estimates counts, as a budget must not be overrun.

    Args:
        text: any text.

    Returns:
        max(4/3 of the words, 1/4 of the UTF-8 bytes), rounded up; 0 for an empty text.
    """
    by_words = -(-4 * len(text.split()) // 3)
    by_bytes = -(-len(text.encode("utf-8", "surrogatepass")) // 4)
    return max(by_words, by_bytes)
