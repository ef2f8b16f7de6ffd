"""useless: upload noise words in place of what the client learned. A research attack on a simulated federation."""

from utils.federation.attacks import with_lines

_WORDS = (
    *("amber", "basket", "candle", "engine", "feather", "garden", "harbor", "island", "jacket", "kettle"),
    *("lantern", "marble", "needle", "orchard", "pepper", "ribbon", "saddle", "timber", "velvet", "window"),
)
_LINES, _LENGTH = 6, 8


def tamper(prompt, broadcast, rng):
    """Return the broadcast prompt with six lines of eight random words."""
    return with_lines(broadcast, (" ".join(rng.sample(_WORDS, _LENGTH)).capitalize() + "." for _ in range(_LINES)))
