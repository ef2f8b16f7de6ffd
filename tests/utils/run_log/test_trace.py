"""The trace of a run in calls.sqlite: what each request was for."""

import sqlite3
from contextlib import closing

import pytest
import toy

import main
from utils.report.frames import frames
from utils.run_log.trace import scope_text


def rows_of(folder, query):
    with closing(sqlite3.connect(folder / "calls.sqlite")) as connection:
        return connection.execute(query).fetchall()


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trace")
    assert main.main(toy.options(folder)) == 0
    return folder / "logs" / "run"


def test_every_stored_reply_is_traced(run):
    assert rows_of(run, "SELECT COUNT(*) FROM calls WHERE key NOT IN (SELECT key FROM trace)") == [(0,)]


def test_every_role_is_named_at_its_place(run):
    found = {tuple(row) for row in rows_of(run, "SELECT role, engine, phase, evaluation IS NULL FROM requests")}
    assert found == {
        ("answer", "test", "before", 1),
        ("answer", "test", "after", 1),
        ("critic", "evaluation", None, 1),
        ("optimizer", "evaluation", None, 1),
        ("merge", "evaluation", None, 1),
        ("evaluation", "test", None, 0),
        ("evaluation", "evaluation", None, 0),
    }


def test_answers_have_their_question_and_score(run):
    steps = frames(run).steps
    for round_number, client, step, before in zip(steps["round"], steps["client"], steps["step"], steps["before"]):
        place = f"round = {round_number} AND client = {client} AND step = {step} AND phase = 'before'"
        scores = rows_of(run, f"SELECT score, question_text, right_answer, request FROM requests WHERE {place}")
        assert sum(score for score, *_ in scores) / len(scores) == pytest.approx(before)
        for _, question, answer, request in scores:
            assert question.split("]")[1].split("?")[0] in request and answer.isdigit()


def test_evaluations_have_the_scores_of_metrics_jsonl(run):
    for event in frames(run).evaluations.to_dict("records"):
        found = rows_of(
            run,
            f"SELECT question, score FROM requests WHERE evaluation = '{event['of']}' AND split = '{event['split']}'",
        )
        assert [score for _, score in sorted(found)] == event["correct"]


def test_a_criticism_names_the_question_of_its_answer(run):
    for question, request in rows_of(run, "SELECT question_text, request FROM requests WHERE role = 'critic'"):
        assert question.split("]")[0] in request


def test_a_repeated_request_is_marked_at_every_place_but_the_first(run):
    calls = frames(run).calls
    assert calls["repeated"].sum() == len(calls) - calls["key"].nunique() > 0
    assert not calls.groupby("key")["repeated"].first().any()


def test_a_replay_writes_the_trace_of_a_run_that_had_none(tmp_path):
    assert main.main(toy.options(tmp_path)) == 0
    folder = tmp_path / "logs" / "run"
    everything = (
        "SELECT * FROM trace ORDER BY scope, number",
        "SELECT * FROM questions ORDER BY task, split, question",
    )
    before = [rows_of(folder, query) for query in everything]
    with closing(sqlite3.connect(folder / "calls.sqlite")) as connection:
        connection.executescript("DROP VIEW requests; DROP TABLE trace; DROP TABLE questions")
    assert main.main(toy.options(tmp_path, "--replay_only")) == 0
    assert [rows_of(folder, query) for query in everything] == before and all(before)


def test_several_seeds_share_a_call_log_and_have_their_own_traces(tmp_path):
    assert main.main(toy.options(tmp_path, "--repeats", "2")) == 0
    folder = tmp_path / "logs" / "run"
    runs = [run for (run,) in rows_of(folder, "SELECT DISTINCT run FROM trace")]
    assert len(runs) == 2 and all(len(frames(folder / run).calls) > 50 for run in runs)


def test_scopes_sort_as_text_in_the_order_of_their_numbers():
    scopes = [(("round", number), ("step", 1)) for number in (1, 2, 10, 100)]
    assert sorted(map(scope_text, reversed(scopes))) == list(map(scope_text, scopes))
