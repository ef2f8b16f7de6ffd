"""Take the clients in turn, so that all take part equally often (Yang et al. 2019, arXiv 1908.06287)."""


def select(round_number, clients, history, count, rng):
    """Return the next `count` clients in the order of their numbers, and the first ones again after the last."""
    start = (round_number - 1) * count
    return [clients[(start + offset) % len(clients)] for offset in range(count)]
