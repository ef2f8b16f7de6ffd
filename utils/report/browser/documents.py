"""The documents of the call browser: JSON values about a run, its steps, merges, evaluations and calls.

They are built from metrics.jsonl, prompts/ and the trace, so they exist while a run is running. Texts of clients whose
upload the leak guard changed are hidden, as in the report.
"""

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from textgrad.errors import UsageError
from utils.federation.evaluation import prompt_id
from utils.metrics.retention import retention
from utils.report.browser.evaluations import earlier_of, flips_of
from utils.report.browser.parts import answer_of, conversation_of, criticism_of, last_of_scopes, pieces, question_of
from utils.report.browser.rows import Request, TraceReader
from utils.report.runs import load_unfinished

COLUMNS = (
    "key",
    "round",
    "client",
    "step",
    "phase",
    "evaluation",
    "role",
    "task",
    "question",
    "score",
    "flaw",
    "marks",
)
"""Of `calls`; marks are letters: r for a repeated request, f for a flipped outcome, x in a rejected step."""


class Documents:
    """The documents of one run, finished or not.

    Args:
        folder: of the run.
    """

    def __init__(self, folder: Path):
        self.run, self._trace = load_unfinished(folder), TraceReader(folder)
        self._evaluations = self.run.events_of("evaluation")

    def close(self) -> None:
        """Close the trace."""
        self._trace.close()

    @property
    def size(self) -> int:
        """Number of requests."""
        return len(self._trace.places())

    def document(self, path: str) -> Any:
        """Return a document by its path, such as "overview", "step/1/0/2", "merge/1", "call/<key>" or "search/<text>".

        Raises:
            UsageError: there is none.
        """
        kind, _, rest = path.partition("/")
        try:
            if kind in ("overview", "calls"):
                return getattr(self, kind)()
            if kind == "step":
                return self.step(*map(int, rest.split("/")))
            if kind == "merge":
                return self.merge(int(rest))
            if kind == "evaluation":
                return self.evaluation(int(rest))
            if kind in ("call", "search"):
                return getattr(self, kind)(rest)
        except (ValueError, TypeError, LookupError):
            pass
        raise UsageError(f"the run has no document {path!r}")

    def paths(self) -> Iterator[str]:
        """Yield the paths of all documents except searches."""
        yield from ("overview", "calls")
        for event in self.run.events_of("step"):
            yield f"step/{event['round']}/{event['client']}/{event['step']}"
        yield from (f"merge/{event['round']}" for event in self.run.events_of("round") if event.get("merge"))
        yield from (f"evaluation/{number}" for number in range(len(self._evaluations)))
        yield from (f"call/{key}" for key in dict.fromkeys(place.key for place in self._trace.places()))

    def header(self) -> dict[str, Any]:
        """Return name, module, tasks, engines and status."""
        engines = {role: engine["model"] for role, engine in self.run.config.get("engines", {}).items()}
        return {
            "name": self.run.name,
            "module": self.run.options["module"],
            "tasks": self.run.options["task"],
            "engines": engines,
            "status": self.run.results.get("status", "not finished"),
            "simulated": any(model.startswith("simulated") for model in engines.values()),
        }

    def overview(self) -> dict[str, Any]:
        """Return rounds with their steps and merges, and evaluations with their flips."""
        rounds: dict[int, dict[str, Any]] = {}
        for event in self.run.events_of("round"):
            rounds[event["round"]] = {**event, "clients": {}}
        for event in self.run.events_of("step"):
            clients = rounds.setdefault(event["round"], {"round": event["round"], "clients": {}})["clients"]
            hidden = self.run.is_hidden(event["round"], event["client"])
            clients.setdefault(event["client"], {"hidden": hidden, "steps": []})["steps"].append(event)
        evaluations = []
        for number, event in enumerate(self._evaluations):
            shown = {name: value for name, value in event.items() if name != "correct"}
            evaluations.append(shown | {"number": number, "flips": flips_of(event, self._evaluations)})
        return {
            "run": self.header(),
            "rounds": [rounds[number] for number in sorted(rounds)],
            "evaluations": evaluations,
        }

    def calls(self) -> dict[str, Any]:
        """Return all requests as rows of `COLUMNS`, without texts."""
        rejected = {
            (event["round"], event["client"], event["step"])
            for event in self.run.events_of("step")
            if event["result"] in ("rejected", "bad reply")
        }
        flipped = {
            (event["of"], event["task"], question)
            for event in self._evaluations
            for question in sum(flips_of(event, self._evaluations).values(), [])
        }
        rows, seen = [], set()
        for place in self._trace.places():
            marks = "r" if place.key in seen else ""
            marks += "f" if (place.evaluation, place.task, place.question) in flipped else ""
            marks += "x" if (place.round, place.client, place.step) in rejected else ""
            seen.add(place.key)
            rows.append([*(getattr(place, column) for column in COLUMNS[:-1]), marks])
        return {"columns": COLUMNS, "rows": rows}

    def step(self, round_number: int, client: int, number: int) -> dict[str, Any]:
        """Return a local step: prompt, minibatch with answers and criticism, rewrites, verdict."""
        (event,) = [
            each
            for each in self.run.events_of("step")
            if (each["round"], each["client"], each["step"]) == (round_number, client, number)
        ]
        if self.run.is_hidden(round_number, client):
            return {"event": event, "hidden": True}
        in_round = self._trace.of_round(round_number)
        requests = [each for each in in_round if (each.place.client, each.place.step) == (client, number)]
        answers = last_of_scopes([each for each in requests if each.place.role == "answer"])
        before, after, further = (
            [each for each in answers if each.place.phase == phase] for phase in ("before", "after", "further")
        )
        prompt = before[0].system_prompt if before else ""
        trials = [after[start : start + len(before)] for start in range(0, len(after), len(before) or 1)]
        critics = [each for each in requests if each.place.role == "critic"]
        questions = [
            {**question_of(each), "before": answer_of(each), "criticism": criticism_of(each, critics)}
            | {"after": [answer_of(trial[position]) for trial in trials if position < len(trial)]}
            for position, each in enumerate(before)
        ]
        rewrites = [
            {"id": prompt_id(trial[0].system_prompt), "difference": pieces(prompt, trial[0].system_prompt)}
            for trial in trials
        ]
        optimizer = [conversation_of(each) for each in requests if each.place.role == "optimizer"]
        return {
            "event": event,
            "prompt": prompt,
            "questions": questions,
            "rewrites": rewrites,
            "further": [question_of(each) | answer_of(each) for each in further],
            "optimizer": optimizer,
        }

    def merge(self, round_number: int) -> dict[str, Any]:
        """Return a merge: broadcast prompt, uploads with the fate of each instruction, merged prompt, requests."""
        (event,) = [each for each in self.run.events_of("round") if each["round"] == round_number]
        broadcast = self.run.broadcast(round_number)
        merged = self.run.prompt(f"round{round_number:02d}_merged")
        uploads = []
        for client in event["uploads"]:
            text = self.run.prompt(f"round{round_number:02d}_client{int(client):02d}_upload")
            fates = [dataclasses.asdict(each) for each in retention(text, broadcast, merged).fates]
            uploads.append({"client": client, "difference": pieces(broadcast, text), "fates": fates})
        requests = [each for each in self._trace.of_round(round_number) if each.place.client is None]
        return {
            "event": event,
            "broadcast": broadcast,
            "uploads": uploads,
            "difference": pieces(broadcast, merged),
            "requests": [conversation_of(each) for each in requests if each.place.role in ("merge", "judge")],
        }

    def evaluation(self, number: int) -> dict[str, Any]:
        """Return an evaluation by its number in metrics.jsonl: its questions, with the outcomes before."""
        event = self._evaluations[number]
        earlier = earlier_of(event, self._evaluations)
        answers, before = self._answers(event), self._answers(earlier) if earlier else {}
        questions = [
            {**question_of(each), "answer": answer_of(each)}
            | ({"before": answer_of(before[question])} if question in before else {})
            for question, each in answers.items()
        ]
        shown = {name: value for name, value in event.items() if name != "correct"} | {"number": number}
        prompt = next(iter(answers.values())).system_prompt if answers else ""
        return {"event": shown, "prompt": prompt, "questions": questions} | {
            "earlier": earlier["of"] if earlier else None,
            "flips": flips_of(event, self._evaluations),
        }

    def everything(self) -> dict[str, Any]:
        """Return all documents of `paths` by path; all calls are read at once."""
        by_key: dict[str, list[Request]] = {}
        for request in self._trace.requests("TRUE"):
            by_key.setdefault(request.place.key, []).append(request)
        found = {path: self.document(path) for path in self.paths() if not path.startswith("call/")}
        return found | {f"call/{key}": self._call(key, requests) for key, requests in by_key.items()}

    def call(self, key: str) -> dict[str, Any]:
        """Return a request with its reply and all its places."""
        return self._call(key, self._trace.requests("trace.key = ?", (key,)))

    def _call(self, key: str, requests: list[Request]) -> dict[str, Any]:
        first = requests[0]
        places = [each.place.scope for each in requests]
        if any(self.run.is_hidden(each.place.round, each.place.client) for each in requests):
            return {"key": key, "places": places, "hidden": True}
        return {**conversation_of(first), "places": places, "finish_reason": first.finish_reason}

    def search(self, text: str) -> list[str]:
        """Return the keys of the requests whose text or reply contains a text, except for hidden ones."""
        hidden = {each.key for each in self._trace.places() if self.run.is_hidden(each.round, each.client)}
        return [key for key in self._trace.keys_with(text) if key not in hidden] if text.strip() else []

    def _answers(self, event: dict[str, Any]) -> dict[int, Request]:
        """Return the last answer to each question of an evaluation; a race may have asked it in another one."""
        raced = event["split"] == "val" and self.run.options.get("validate") == "race"
        of = "%" if raced else event["of"]
        requests = self._trace.requests(
            "evaluation LIKE ? AND split = ? AND trace.task = ?", (of, event["split"], event["task"])
        )
        found = {each.place.question: each for each in requests if prompt_id(each.system_prompt) == event["prompt"]}
        return dict(sorted((question, each) for question, each in found.items() if question is not None))
