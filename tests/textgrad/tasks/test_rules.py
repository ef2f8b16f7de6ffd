"""Generated tasks with house rules."""

import itertools
import subprocess
import sys
from collections import Counter
from importlib import import_module

import pytest

from tests.toy import options
from textgrad.discovery import names_in
from textgrad.errors import UsageError
from textgrad.tasks import get_task
from textgrad.tasks.rules import DEFAULTS, code_score, house_rules, tasks_for
from textgrad.tasks.worlds.tickets import WORLD

WORLDS = names_in("textgrad.tasks.worlds")
CLIENTS = [f"RULES_tickets_{client}of3" for client in (1, 2, 3)]
CLASHING = [f"RULES_tickets_clash_{client}of3" for client in (1, 2, 3)]


def parts(name, **arguments):
    task = get_task(name, **arguments)
    return [[part[index] for index in range(len(part))] for part in (task.train, task.val, task.test)]


def texts(examples):
    return {text for text, _ in examples}


def topic_of(text, topics):
    """Return the label of the topic whose things a text names; the longest name counts."""
    return max(
        (len(thing), topic.label) for topic in topics for thing in topic.things if thing.lower() in text.lower()
    )[1]


def test_at_least_two_worlds_are_for_design_and_two_others_for_reports():
    design, report = tasks_for("design"), tasks_for("report")
    assert len(design) >= 2 and len(report) >= 2
    assert sorted(design + report) == [f"RULES_{world}" for world in WORLDS]


@pytest.mark.parametrize("world", WORLDS)
def test_every_world_has_six_equally_frequent_codes_and_disjoint_splits(world):
    splits = parts(f"RULES_{world}")
    assert tuple(map(len, splits)) == DEFAULTS
    for split in splits:
        counts = Counter(code for _, code in split)
        assert len(counts) == 6 and len(set(counts.values())) == 1
        assert len(texts(split)) == len(split)
    for one, other in itertools.combinations(splits, 2):
        assert not texts(one) & texts(other)


@pytest.mark.parametrize("world", WORLDS)
def test_a_thing_with_its_detail_is_in_one_split_only(world):
    topics = import_module(f"textgrad.tasks.worlds.{world}").WORLD.topics.values()
    splits = parts(f"RULES_{world}", train_size=300, val_size=300, test_size=300)
    cores = [f"{thing} {detail}" for topic in topics for thing in topic.things for detail in topic.details]
    found = [
        {core for core in cores if any(core in text.lower() for text in map(str.lower, texts(split)))}
        for split in splits
    ]
    whole = [{core for core in split if not any(core != other and core in other for other in cores)} for split in found]
    assert all(len(split) > 60 for split in whole)
    for one, other in itertools.combinations(whole, 2):
        assert not one & other


@pytest.mark.parametrize("world", WORLDS)
def test_codes_follow_the_house_rules(world):
    topics = import_module(f"textgrad.tasks.worlds.{world}").WORLD.topics
    rules = house_rules(f"RULES_{world}").splitlines()[1:]
    for text, code in parts(f"RULES_{world}")[2]:
        assert f"If it is about {topic_of(text, topics.values())}, answer {code}." in rules, text


def test_the_initial_prompt_names_the_codes_and_no_rule():
    task = get_task("RULES_tickets")
    codes = {code for _, code in parts("RULES_tickets")[0]}
    assert all(code in task.description for code in codes) and "about" not in task.description
    assert house_rules("RULES_tickets").startswith(task.description)


def test_the_seed_determines_the_texts_and_a_larger_size_appends():
    assert parts("RULES_notes", seed=1) == parts("RULES_notes", seed=1)
    assert len(texts(parts("RULES_notes", seed=1)[2]) & texts(parts("RULES_notes", seed=2)[2])) < 5
    assert parts("RULES_notes", train_size=100)[0][:48] == parts("RULES_notes")[0]


def test_the_texts_are_the_same_on_every_machine():
    assert parts("RULES_tickets", seed=7)[0][0] == (
        "The deputy director writes: the netbook freezes after the login. There is no hurry.",
        "W5",
    )


def test_clients_train_on_disjoint_rules_and_test_on_all():
    clients = [parts(name) for name in CLIENTS]
    seen = [{code for _, code in train + val} for train, val, _ in clients]
    assert [len(codes) for codes in seen] == [2, 2, 2] and len(set.union(*seen)) == 6
    for (_, _, one), (_, _, other) in itertools.combinations(clients, 2):
        assert len({code for _, code in one}) == 6 and not texts(one) & texts(other)


def test_clashing_clients_agree_on_half_of_the_topics_and_differ_pairwise_on_the_others():
    rules = [house_rules(name).splitlines()[1:] for name in CLASHING]
    for one, other in itertools.combinations(rules, 2):
        assert len(set(one) & set(other)) == 3
    conditions = [sorted(line.partition(", answer")[0] for line in each) for each in rules]
    assert conditions[0] == conditions[1] == conditions[2]
    codes = [{code for split in parts(name) for _, code in split} for name in CLASHING]
    assert codes[0] == codes[1] == codes[2]
    assert not set.intersection(*(texts(parts(name)[0]) for name in CLASHING))


def test_clashing_clients_are_trained_and_tested_by_their_own_rules():
    for name in CLASHING:
        rules = house_rules(name).splitlines()[1:]
        for text, code in sum(parts(name), []):
            assert f"If it is about {topic_of(text, WORLD.topics.values())}, answer {code}." in rules, text


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("RULES_tickts", "unknown task 'RULES_tickts'"),
        ("RULES_tickets_4of3", "unknown client"),
        ("RULES_tickets_0of3", "unknown client"),
        ("RULES_tickets_1of7", "up to 6"),
        ("RULES_tickets_clash_1of4", "up to 3"),
        ("RULES_none_1of2", "unknown task"),
        ("RULES_tickets_clash", "unknown task"),
    ],
)
def test_unknown_names_are_usage_errors(name, message):
    with pytest.raises(UsageError, match=message):
        get_task(name)


def test_too_large_sizes_are_usage_errors():
    with pytest.raises(UsageError, match="1000 questions per split"):
        get_task("RULES_tickets", train_size=1001)


def test_the_largest_sizes_of_the_most_clients_are_generated():
    assert len(parts("RULES_orders_6of6", train_size=1000)[0]) == 1000


@pytest.mark.parametrize(
    ("reply", "score"),
    [
        ("K7", 1),
        ("k7.", 1),
        ("The code is **K7**.", 1),
        ("It is about a printer.\nAnswer: K7", 1),
        ("B4 is for doors.\nSo K7", 1),
        ("Answer: B4\nK7", 0),
        ("K7 or B4", 0),
        ("K77", 0),
        ("K7, B4, R3, M9", 0),
        ("7", 0),
        ("", 0),
    ],
)
def test_a_reply_is_right_if_it_gives_the_right_code_only(reply, score):
    assert code_score(reply, "K7") == score


@pytest.mark.parametrize(
    ("module", "tasks"),
    [("train_centralized", CLIENTS[:1]), ("train_homo_fed", ["RULES_tickets"]), ("train_hetero_fed", CLIENTS)],
)
def test_all_modules_run_on_them(tmp_path, module, tasks):
    command = [sys.executable, "main.py", *options(tmp_path, module=module, tasks=tasks, engine="simulated")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "logs" / "run" / "results.json").exists()
