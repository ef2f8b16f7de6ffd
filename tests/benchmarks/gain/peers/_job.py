"""The job of a peer, which every driver reads; standard library only, since it runs in the peers' environment."""

import json
import sys
import urllib.error
import urllib.request


class BudgetSpent(Exception):
    """No call is left."""


class Job:
    """Data and model of a run.

    Attributes:
        initial: prompt to start from.
        train, val: [question, answer] pairs.
        calls: number of calls that the endpoint answers.
        seed, url: of the run and of its endpoint.
        spent: True once the endpoint has refused a call.
    """

    def __init__(self, path: str):
        with open(path, encoding="utf-8") as file:
            self._job = json.load(file)
        self.initial, self.train, self.val = self._job["initial"], self._job["train"], self._job["val"]
        self.calls, self.seed, self.url = self._job["calls"], self._job["seed"], self._job["url"]
        self.spent = False

    def query(self, question: str) -> str:
        """Return the message to the model."""
        return f"{question}\n\n{self._job['answer_format']}"

    def complete(self, messages: list, **sampling) -> str:
        """Return the model's reply to chat messages.

        Raises:
            BudgetSpent: no call is left.
        """
        reply = self._post("chat/completions", {"model": "model", "messages": messages, **sampling})
        return reply["choices"][0]["message"]["content"]

    def ask(self, prompt: str, question: str) -> str:
        """Return the reply to a question under a prompt."""
        return self.complete([{"role": "system", "content": prompt}, {"role": "user", "content": self.query(question)}])

    def score(self, question: str, prediction: str, answer: str) -> float:
        """Return the score of a reply."""
        return self._post("score", {"question": question, "prediction": prediction, "answer": answer})["score"]

    def finish(self, best: str, last: str, **steps: int) -> None:
        """Write the prompts, and numbers of steps by what became of them."""
        with open(self._job["result"], "w", encoding="utf-8") as file:
            json.dump({"best": best, "last": last, "steps": steps}, file)

    def _post(self, path: str, body: dict) -> dict:
        request = urllib.request.Request(
            f"{self.url}/{path}", json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        try:
            with urllib.request.urlopen(request) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            if error.code != 400:
                raise
            self.spent = True
            raise BudgetSpent(error.read().decode()) from error


def job() -> Job:
    """Return the job in the file that the first argument names."""
    return Job(sys.argv[1])
