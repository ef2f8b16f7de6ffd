"""Draw the clients of a round uniformly at random (paper, Algorithm 1)."""


def select(round_number, clients, history, count, rng):
    """Return `count` distinct clients."""
    return rng.sample(clients, count)
