"""Stand-in for `utils.flower.messenger.Messenger`: sites in this process that answer at once."""

from utils.flower.messenger import QUERY


class FakeMessenger:
    """A messenger whose nodes answer queries with the site's name, and training records with a function.

    Args:
        names: name of the site at each connected node.
        train: by node, the function that returns the answer to a training record; None for no answer.
    """

    def __init__(self, names, train=None):
        self.names, self.train, self.sent, self._answers = names, train or {}, [], {}

    def nodes(self):
        return set(self.names)

    def send(self, node, message_type, record, seconds=None):
        message_id = f"message {len(self.sent)}"
        self.sent.append((node, message_type))
        info = {"name": self.names[node], "tasks": ["t"], "questions": [6]}
        self._answers[message_id] = info if message_type == QUERY else self.train[node](record)
        return message_id

    def collect(self, message_ids):
        return {each: self._answers.pop(each) for each in list(message_ids) if self._answers.get(each) is not None}
