"""Uncertainty sampling: take the clients of least certain accuracy (Lewis and Gale 1994, arXiv cmp-lg/9407020)."""


def select(round_number, clients, history, count, rng):
    """Return the `count` clients without an upload or with a last accuracy nearest 0.5.

    Ties go to the client with fewer uploads, then are broken at random.
    """

    def certainty(client):
        known = history[client.number]
        distance = -1.0 if known.accuracy is None else abs(known.accuracy - 0.5)
        return distance, len(known.rounds), rng.random()

    return sorted(clients, key=certainty)[:count]
