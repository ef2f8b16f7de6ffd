"""Stand-ins for `utils.flower.messenger.Messenger`: sites in this process that answer at once."""

from utils.flower import site
from utils.flower.messenger import EVALUATE, QUERY, TRAIN, NoAnswer, answer_safely


class FakeMessenger:
    """A messenger whose nodes answer queries with the site's name, and other records with a function.

    Args:
        names: name of the site at each connected node.
        train: by node, the function that returns the answer to a training record; None for no answer.
        evaluate: by node, the same for a record with candidates.
    """

    def __init__(self, names, train=None, evaluate=None):
        self.names, self.train, self.evaluate = names, train or {}, evaluate or {}
        self.sent, self._answers = [], {}

    def nodes(self):
        return set(self.names)

    def send(self, node, message_type, record, seconds=None):
        message_id = f"message {len(self.sent)}"
        self.sent.append((node, message_type))
        self._answers[message_id] = self.answer(node, message_type, record)
        return message_id

    def answer(self, node, message_type, record):
        if message_type == QUERY:
            return {"name": self.names[node], "tasks": ["t"], "questions": [6]}
        return {TRAIN: self.train, EVALUATE: self.evaluate}[message_type][node](record)

    def collect(self, message_ids):
        return {each: self._answers.pop(each) for each in list(message_ids) if self._answers.get(each) is not None}


class SitesInProcess(FakeMessenger):
    """A messenger whose nodes are the program's own sites.

    Args:
        node_configs: --node-config of the site at each node.
    """

    def __init__(self, node_configs):
        super().__init__({node: entries["name"] for node, entries in node_configs.items()})
        self.node_configs = node_configs

    def answer(self, node, message_type, record):
        handle = {QUERY: site.introduce, TRAIN: site.train, EVALUATE: site.score}[message_type]
        answer = answer_safely(lambda request: handle(self.node_configs[node], request), record)
        return NoAnswer(answer["failed"]) if "failed" in answer else answer
