"""reasoning_gym: generated questions and their verifiers."""

import functools
import importlib.util
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from textgrad.engine.base import Text
from textgrad.errors import BrokenSystem, UsageError
from textgrad.tasks import get_task, reasoning_gym
from textgrad.tasks.reasoning_gym import Examiner, candidates
from textgrad.tasks.reasoning_gym_child import is_safe
from textgrad.variable import Variable

pytestmark = pytest.mark.slow

needed = pytest.mark.skipif(importlib.util.find_spec("reasoning_gym") is None, reason="reasoning-gym is not installed")


@functools.cache
def small(name, seed=0):
    return get_task(name, seed=seed, train_size=4, val_size=3, test_size=2)


def parts(task):
    return [[part[index] for index in range(len(part))] for part in (task.train, task.val, task.test)]


@needed
@pytest.mark.parametrize(
    "name",
    [
        "chain_sum",
        "mini_sudoku",
        "game_of_life_halting",
        "propositional_logic",
        "polynomial_multiplication",
        "countdown",
    ],
)
def test_right_answers_score_1_and_nonsense_0(name):
    task = small(f"RG_{name}")
    for question, answer in sum(parts(task), []):
        for reply in ("Let me think... Answer: {}", "Answer:\n{}", "{}", "So.\n\n**Answer:**\n```\n{}\n```\n"):
            assert task.score(question, reply.format(answer), answer) == 1, reply.format(answer)
        for reply in (
            "",
            "Answer:",
            "I do not know",
            "Answer: (x",
            "Answer: \x00é",
            "Answer: 1/0",
            "Answer: [[[",
            "Answer: {}",
        ):
            assert task.score(question, reply, answer) == 0, reply


@needed
def test_sizes_are_50_100_100_or_any_larger_ones_and_splits_are_disjoint():
    default, large = parts(get_task("RG_chain_sum")), parts(get_task("RG_chain_sum", train_size=600))
    assert [len(part) for part in default] == [50, 100, 100]
    assert [len(part) for part in large] == [600, 100, 100]
    assert len({question for part in large for question, _ in part}) == 800
    assert default[1:] == large[1:]


@needed
def test_neighbouring_seeds_share_no_questions():
    zero, again, one = (sum(parts(small("RG_chain_sum", seed=seed)), []) for seed in (0, 0, 1))
    assert zero == again
    assert not set(zero) & set(one)


@needed
def test_questions_do_not_depend_on_the_hash_seed_of_the_process():
    script = (
        "from textgrad.tasks import get_task\n"
        "print(get_task('RG_ransom_note', train_size=2, val_size=2, test_size=2).train.examples)"
    )
    root = Path(__file__).parents[3]
    outputs = {
        subprocess.run(
            [sys.executable, "-c", script],
            cwd=root,
            capture_output=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1


@needed
def test_a_small_data_set_is_split_in_proportion_unless_sizes_are_given():
    sizes = [len(part) for part in parts(get_task("RG_tower_of_hanoi"))]
    assert all(sizes) and sum(sizes) < 250
    with pytest.raises(UsageError, match="RG_tower_of_hanoi has .* different questions, but the sizes add up to 700"):
        get_task("RG_tower_of_hanoi", train_size=500)


@needed
def test_an_unknown_data_set_lists_the_known_ones_nearest_first():
    with pytest.raises(UsageError, match="unknown task 'RG_chain_sun'; known, nearest first: RG_chain_sum, "):
        get_task("RG_chain_sun")
    with pytest.raises(UsageError, match=r"'RG_gdc'; known, nearest first: RG_gcd, (RG_\w+, ){4}... \(\d+ more\)$"):
        get_task("RG_gdc")


@needed
def test_generating_questions_prints_nothing_but_a_progress_bar_if_it_takes_long(capfd):
    get_task("RG_bf", train_size=4, val_size=3, test_size=2)
    printed = capfd.readouterr()
    bars = [line for line in printed.err.replace("\r", "\n").splitlines() if line.strip()]
    assert printed.out == "" and all(line.startswith("generating RG_bf:") for line in bars)


@needed
def test_a_partly_right_answer_is_wrong():
    task = small("RG_spell_backward")
    question, answer = task.train[0]
    assert task.score(question, f"Answer: {answer}", answer) == 1
    assert task.score(question, f"Answer: {answer[:-1]}", answer) == 0


@needed
def test_numbers_other_than_those_of_the_question_are_rejected():
    task = small("RG_puzzle24")
    assert task.score(task.train[0][0], f"Answer: {task.train[0][1]}", "") == 1
    assert task.score(task.train[0][0], "Answer: 6 + 6 + 6 + 6", "") == 0


@needed
def test_the_question_may_include_its_format_or_be_missing():
    task = small("RG_chain_sum")
    question, answer = task.train[0]
    assert task.score(task.query(question), f"Answer: {answer}", answer) == 1

    def text(value):
        return Variable(value, requires_grad=False, role_description="text")

    assert task.loss(text(question), text(f"Answer: {answer}"), text(answer)).value == "1"
    inputs = {"prediction": text(f"Answer: {answer}"), "ground_truth_answer": text(answer)}
    assert task.grader.eval_fn(inputs=inputs).value == "1"


@needed
def test_a_truncated_reply_counts_only_with_an_explicit_answer():
    task = small("RG_chain_sum")
    question, answer = task.train[0]
    assert task.score(question, Text(f"I get\n{answer}", "truncated"), answer) == 0
    assert task.score(question, Text(f"Answer: {answer}\nThis is s", "truncated"), answer) == 1


@needed
def test_a_verification_over_the_time_limit_is_wrong_and_the_next_one_works(monkeypatch):
    examiner = Examiner("chain_sum", 0, 5)
    question, answer = examiner.examples[0]
    stuck = examiner._process.popen
    stuck.send_signal(signal.SIGSTOP)
    monkeypatch.setattr(reasoning_gym, "TIME_LIMIT", 0.1)
    assert examiner.score(question, f"Answer: {answer}", answer) == 0
    assert stuck.wait(10) != 0
    monkeypatch.setattr(reasoning_gym, "TIME_LIMIT", 20.0)
    assert examiner.score(question, f"Answer: {answer}", answer) == 1


@needed
def test_the_child_process_gets_no_keys(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "secret-value")
    examiner = Examiner("chain_sum", 0, 5)
    assert b"secret-value" not in Path(f"/proc/{examiner._process.popen.pid}/environ").read_bytes()


@needed
def test_the_child_process_stops_with_its_examiner():
    examiner = Examiner("chain_sum", 0, 5)
    process = examiner._process.popen
    del examiner
    assert process.wait(10) is not None


def test_the_error_for_a_missing_package_names_the_install_command(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(BrokenSystem, match="pip install reasoning-gym"):
        get_task("RG_chain_sum")


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("n_queens", "__import__('os').system('true')"),
        ("countdown", "__import__('os').system('true')"),
        ("countdown", "().__class__"),
        ("simple_integration", "x.diff(x)"),
        ("puzzle24", "print(24)"),
        ("polynomial_multiplication", "lambdify(x)"),
        ("countdown", "'a'"),
        ("spiral_matrix", "exit()"),
    ],
)
def test_an_answer_that_a_verifier_would_execute_is_rejected(name, answer):
    assert not is_safe(name, answer)


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("countdown", "94*4 - 61 - 6"),
        ("simple_integration", "-34*x**8/15 - 5*x/4 + C"),
        ("puzzle24", "10*(8 - 5) - 6"),
        ("intermediate_integration", "-4*(-2*x - 8)**(3/2)/3 + exp(x)*sin(2.5*x) + C"),
        ("n_queens", "_ Q\nQ _"),
        ("spiral_matrix", "1 2 3"),
        ("letter_jumble", "print(24)"),
    ],
)
def test_an_ordinary_answer_is_accepted(name, answer):
    assert is_safe(name, answer)


def test_the_candidates_of_a_reply_begin_with_all_its_lines():
    assert candidates("Answer:\n1 2\n3 4") == ["1 2\n3 4", "1 2"]
    assert candidates("Answer: **7**\n\nBye.")[-1] == "7"
    assert candidates("I think\n\nit is **7**.") == ["I think\n\nit is **7**.", "it is **7**.", "7"]
    assert candidates(Text("7", "truncated")) == candidates(" ") == []
