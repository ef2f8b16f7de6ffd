"""Power-of-Choice: draw candidates by size, take those of highest loss (Cho et al. 2020, arXiv 2010.01243).

Candidates are twice the clients of the round. As in the paper's variant without further evaluation, the loss is the
client's last known one, and a client without an upload has an infinite loss.
"""

from math import inf


def select(round_number, clients, history, count, rng):
    """Return the `count` candidates with the highest last loss; ties are broken at random."""

    def draw(client):  # the largest keys are a sample weighted by n (Efraimidis and Spirakis 2006)
        return rng.random() ** (1 / max(history[client.number].n, 1))

    def loss(client):
        last = history[client.number].loss
        return inf if last is None else last

    candidates = sorted(clients, key=draw, reverse=True)[: 2 * count]
    return sorted(candidates, key=loss, reverse=True)[:count]
