"""Overlapping windows over a long text."""

import math
from collections.abc import Iterator

LONGEST_WINDOW = 2048  # tokens; the logits of longer windows take gigabytes
NATS_TO_BITS = 1 / math.log(2)


def windows(n: int, window: int, stride: int | None = None) -> Iterator[tuple[int, int, int]]:
    """Yield `(start, first, end)` to score tokens first..end-1 in the context start..first-1.

    Args:
        n: number of tokens.
        window: maximum tokens that the model sees at once, >= 2.
        stride: tokens scored by each window after the first, 1..window-1; default: half the window.
    """
    stride = min(stride or window // 2, window - 1)
    first, end = 1, min(n, window)
    while first < end:
        yield max(0, end - window), first, end
        first, end = end, min(n, end + stride)
