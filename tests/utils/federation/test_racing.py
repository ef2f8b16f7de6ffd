"""Races: validation on as many questions as a comparison needs."""

import collections
import contextlib
import json
import random

import pytest
import toy

import main
from textgrad.engine.base import Reply
from utils.aggregation.merging import Merging
from utils.federation.racing import Race
from utils.federation.result import lead, overall
from utils.report.browser.documents import Documents


class Scripted(toy.Recording):
    """Answers validation questions rightly if `right(prompt, question)`, and records (prompt, question)."""

    def __init__(self, engine, right):
        super().__init__(engine)
        self.right, self.asked = right, []

    def complete(self, messages, sampling):
        prompt, question = messages[0]["content"], messages[-1]["content"].split("\n")[0]
        if prompt.startswith("prompt "):
            self.asked.append((prompt, question))
            return Reply(f"Answer: {self.answers[question] if self.right(prompt, question) else -1}")
        return super().complete(messages, sampling)


def race_of(folder, right, *options, sizes=(120,)):
    """Return a race and its engine.

    Args:
        folder: for data and logs.
        right: decides which answers are right; see `Scripted`.
        *options: of main.py.
        sizes: number of validation questions of each task.
    """
    paths = [toy.task_file(folder, f"task{index}", n=5 * size, seed=index) for index, size in enumerate(sizes)]
    config = toy.config(folder, "--val_size", "0", *options, module="train_hetero_fed", tasks=paths)
    engines, test, _ = toy.recorded(config)
    engines.test.engine = scripted = Scripted(test.engine, right)
    import train_hetero_fed

    log = toy.Recorder()
    log.open = lambda federation: (_ for _ in ()).throw(Opened(federation))
    try:
        train_hetero_fed.run_training(config, engines, log)
    except Opened as opened:
        federation = opened.args[0]
    scripted.answers = {
        each.question: each.answer for (_, split), all_ in federation.questions.items() for each in all_
    }
    return Race(federation), scripted, federation


class Opened(Exception):
    """Holds the federation of a run that has not started."""


def share(prompt, question):
    """Answer so that "prompt 70" is right on about 70 % of the questions."""
    return random.Random(question).random() * 100 < int(prompt.split()[1])


def questions_of(federation, prompts):
    return len(prompts) * sum(len(all_) for (_, split), all_ in federation.questions.items() if split == "val")


def test_a_clearly_better_prompt_wins_after_a_part_of_the_questions(tmp_path):
    race, engine, federation = race_of(tmp_path, share)
    assert race.run([("prompt 20",), ("prompt 80",)], "round 1") == ("prompt 80",)
    assert len(engine.asked) < 0.5 * questions_of(federation, (1, 2))
    estimate = overall(race.scores(("prompt 80",)))
    assert estimate.n < estimate.raced_of == questions_of(federation, (1,))


def test_no_prompt_answers_a_question_twice(tmp_path):
    race, engine, _ = race_of(tmp_path, share)
    for better in (30, 40, 60, 61):
        race.run([("prompt 30",), (f"prompt {better}",)], f"round {better}")
        race.run([(f"prompt {better}",), ("prompt 30",), ("prompt 50",)], "candidate")
    assert max(collections.Counter(engine.asked).values()) == 1


def test_equal_prompts_are_compared_on_all_questions_and_the_first_one_is_returned(tmp_path):
    race, engine, federation = race_of(tmp_path, lambda prompt, question: len(question) % 2)
    assert race.run([("prompt 2",), ("prompt 1",)], "round 1") == ("prompt 2",)
    assert len(engine.asked) == questions_of(federation, (1, 2))
    assert not overall(race.scores(("prompt 1",))).raced_of
    assert lead(race.scores(("prompt 1",)), race.scores(("prompt 2",))) == 0


def test_the_result_of_a_race_does_not_depend_on_earlier_ones(tmp_path):
    pairs = [[("prompt 45",), (f"prompt {other}",)] for other in (40, 44, 50, 70)]
    alone = []
    for number, pair in enumerate(pairs):
        (tmp_path / str(number)).mkdir()
        race, _, _ = race_of(tmp_path / str(number), share)
        alone.append(race.run(pair, "round 1"))
    (tmp_path / "all").mkdir()
    race, _, _ = race_of(tmp_path / "all", share)
    assert [race.run(pair, "round 1") for pair in reversed(pairs)] == alone[::-1]


def test_the_winner_is_the_best_on_all_questions_in_nearly_all_races(tmp_path):
    race, _, federation = race_of(tmp_path, share)
    rng, wrong = random.Random(5), 0
    samples = federation.questions["task0", "val"]
    for _ in range(60):
        prompts = [(f"prompt {value}",) for value in rng.sample(range(10, 90), 3)]
        totals = [sum(share(prompt, sample.question) for sample in samples) for (prompt,) in prompts]
        wrong += totals[prompts.index(race.run(prompts, "candidate"))] < max(totals)
    assert wrong <= 6


def test_tasks_weigh_equally_whatever_their_size(tmp_path):
    """`prompt 1` is right on the small task only, `prompt 2` on half of the large one: the mean is 0.5 against 0.25."""

    def right(prompt, question):
        return (
            "task1" in question
            if prompt == "prompt 1"
            else "task0" in question and random.Random(question).random() < 0.5
        )

    race, engine, federation = race_of(tmp_path, right, sizes=(200, 40))
    assert race.run([("prompt 2",), ("prompt 1",)], "round 1") == ("prompt 1",)
    assert all(score.estimate.n for scores in race.scores(("prompt 1",)).values() for score in scores)
    assert lead(race.scores(("prompt 1",)), race.scores(("prompt 2",))) > 0


def test_prompts_of_clients_are_compared_by_their_mean(tmp_path):
    race, _, _ = race_of(tmp_path, share)
    assert race.run([("prompt 50", "prompt 10"), ("prompt 40", "prompt 90")], "round 1")[1] == "prompt 90"


def test_a_merge_asks_its_race_for_the_best_candidate():
    merging = Merging(None, 100, validate=lambda prompt: 1 / 0, race=lambda prompts: prompts[1])
    assert merging.best(["a", "b"]) == "b"
    assert Merging(None, 100, validate=lambda prompt: float(prompt == "b")).best(["a", "b", "b"]) == "b"


OPTIONS = ("--val_size", "60", "--test_size", "10", "--rounds", "3")


def run(folder, *more, module="train_homo_fed"):
    folder.mkdir(exist_ok=True)
    paths = [toy.task_file(folder, f"sums{index}", range(8), 400, index) for index in range(2)]
    tasks = paths if module == "train_hetero_fed" else paths[:1]
    return main.main(
        toy.options(folder, *OPTIONS, *more, module=module, tasks=tasks, engine="simulated")
    ), folder / "logs/run"


@pytest.mark.parametrize(
    "more", [(), ("--no_aggregate_gate",), ("--aggregate_method", "validated"), ("--aggregate_method", "none")]
)
@pytest.mark.parametrize("module", ["train_homo_fed", "train_hetero_fed"])
def test_a_raced_run_has_the_same_best_prompt_and_asks_less(tmp_path, module, more):
    results = {}
    for mode in ("full", "race"):
        status, folder = run(tmp_path / mode, "--validate", mode, *more, module=module)
        assert status == 0
        results[mode] = json.loads((folder / "results.json").read_text())
    full, raced = results["full"], results["race"]
    assert raced["prompts"]["best"] == full["prompts"]["best"]
    assert raced["metrics"]["best_test_acc"] == full["metrics"]["best_test_acc"]
    assert raced["usage"]["test"]["calls"] < full["usage"]["test"]["calls"]
    means = [each["validation"]["mean"] for each in raced["rounds"]]
    assert all(mean["n"] < mean["raced_of"] for mean in means if "raced_of" in mean)
    assert any("raced_of" in mean for mean in means)
    assert not any("raced_of" in each["validation"]["mean"] for each in full["rounds"])


def test_a_stopped_race_resumes_with_the_same_bytes(tmp_path):
    _, whole = run(tmp_path / "whole", "--validate", "race")
    status, folder = run(tmp_path / "parts", "--validate", "race", "--max_calls", "150")
    assert status == 3
    stopped = json.loads((folder / "results.json").read_text())
    assert all(each["validation"]["mean"]["n"] for each in stopped["rounds"])
    status, folder = run(tmp_path / "parts", "--validate", "race", "--max_calls", "0")
    assert status == 0
    ends = [toy.story(each) for each in (whole, folder)]
    for name in ("metrics.jsonl", "ledger.jsonl", "prompts/best.txt"):
        assert ends[0][name] == ends[1][name]
    counts = [json.loads(end["results.json"])["rounds"] for end in ends]
    assert counts[0] == counts[1]


def test_the_report_of_a_raced_run_shows_n_and_that_it_is_raced(tmp_path):
    _, folder = run(tmp_path, "--validate", "race")
    page = (folder / "report.html").read_text()
    assert "of 60, raced" in page and "raced rounds: n = " in page


def test_a_dry_run_counts_a_race_in_full_and_says_so(tmp_path, capsys):
    counts = []
    for mode in ("full", "race"):
        run(tmp_path / mode, "--validate", mode, "--dry_run")
        lines = capsys.readouterr().out.splitlines()
        counts.append([line for line in lines if line.startswith(("test", "evaluation", "all"))])
        assert any(line.startswith("upper bound") for line in lines) is (mode == "race")
    assert counts[0] == counts[1]


def test_the_call_browser_shows_all_answers_of_a_raced_round(tmp_path):
    _, folder = run(tmp_path, "--validate", "race")
    with contextlib.closing(Documents(folder)) as documents:
        paths = [path for path in documents.paths() if path.startswith("evaluation/")]
        shown = [documents.document(path) for path in paths]
    raced = [each for each in shown if each["event"]["split"] == "val"]
    assert any("raced_of" in each["event"] for each in raced)
    assert all(len(each["questions"]) >= each["event"]["n"] for each in raced)
