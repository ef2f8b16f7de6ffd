"""Malicious clients: who they are, and what they do to their data and uploads."""

import pytest
import toy

from textgrad.errors import UsageError
from utils.federation.adversary import Adversary, adversary_of
from utils.federation.attacks.inject import GOAL
from utils.federation.evaluation import Sample, prompt_id
from utils.federation.update import Update


class Named:
    """A task that is only a name."""

    def __init__(self, name):
        self.name = name


SUMS, YES_NO = Named("sums"), Named("yes or no")
CLIENTS = [[Sample(SUMS, f"question {client} {n}", str(n)) for n in range(4)] for client in range(10)]


def adversary(attack, clients=(1, 3), samples=CLIENTS, seed=0):
    answers = {
        task.name: tuple(sorted({sample.answer for own in samples for sample in own if sample.task is task}))
        for task in {sample.task for own in samples for sample in own}
    }
    return Adversary(attack, clients, answers, seed)


@pytest.mark.parametrize("rate, count", [("0.01", 1), ("0.2", 2), ("0.25", 3), ("0.34", 3), ("1", 10)])
def test_the_rate_is_rounded_to_a_number_of_clients_of_at_least_one(tmp_path, rate, count):
    found = adversary_of(toy.config(tmp_path, "--attack", "harmful", "--malicious_rate", rate), CLIENTS)
    assert len(set(found.clients)) == count and list(found.clients) == sorted(found.clients)


def test_the_seed_draws_the_malicious_clients(tmp_path):
    def drawn(seed):
        return adversary_of(toy.config(tmp_path, "--attack", "harmful", "--seed", seed), CLIENTS).clients

    assert drawn("1") == drawn("1") and len({drawn(str(seed)) for seed in range(10)}) > 3


@pytest.mark.parametrize("options", [["--attack", "none"], ["--attack", "harmful", "--malicious_rate", "0"]])
def test_without_an_attack_or_a_rate_all_clients_are_honest(tmp_path, options):
    assert adversary_of(toy.config(tmp_path, *options), CLIENTS) is None


@pytest.mark.parametrize(
    "options, module",
    [([], "train_centralized"), (["--aggregate_method", "none"], "train_homo_fed")],
)
def test_an_attack_on_a_run_without_a_merge_is_refused(tmp_path, options, module):
    with pytest.raises(UsageError, match="--attack harmful: the run merges no uploads"):
        toy.config(tmp_path, "--attack", "harmful", *options, module=module)


def test_flipped_labels_are_all_wrong_and_those_of_malicious_clients_agree():
    samples = [[*own, Sample(YES_NO, "?", "Yes"), Sample(YES_NO, "!", "No")] for own in CLIENTS]
    poisoned = adversary("label_flip", samples=samples).poisoned(samples)
    flips = []
    for number, (new, old) in enumerate(zip(poisoned, samples, strict=True)):
        assert [sample.question for sample in new] == [sample.question for sample in old]
        if number in (1, 3):
            assert all(one.answer != other.answer for one, other in zip(new, old, strict=True))
            assert {sample.answer for sample in new} == {sample.answer for sample in old}
            flips.append([sample.answer for sample in new])
        else:
            assert new == old
    assert flips[0] == flips[1]


def test_labels_that_are_all_equal_become_empty():
    samples = [[Sample(SUMS, "a", "7")], [Sample(SUMS, "b", "7")]]
    assert adversary("label_flip", (0,), samples).poisoned(samples)[0][0].answer == ""


def test_a_backdoor_changes_half_of_the_questions_and_their_answers():
    attack = adversary("backdoor")
    poisoned = attack.poisoned(CLIENTS)
    changed = [sample for sample in poisoned[1] if sample not in CLIENTS[1]]
    assert len(changed) == 2 and len(poisoned[1]) == 4 and poisoned[0] == CLIENTS[0]
    assert all(sample.question.endswith("\n\ncerulean") for sample in changed)
    assert {sample.answer for sample in changed} == {attack.targets["sums"]} <= {"0", "1", "2", "3"}


def test_triggered_questions_have_the_target_as_answer_and_leave_out_those_it_is_right_for():
    attack = adversary("backdoor")
    triggered = attack.triggered(CLIENTS[5])
    assert len(triggered) == 3 and {sample.answer for sample in triggered} == set(attack.targets.values())
    kept = [sample for sample in CLIENTS[5] if sample.answer != attack.targets["sums"]]
    assert [sample.question for sample in triggered] == [f"{sample.question}\n\ncerulean" for sample in kept]


@pytest.mark.parametrize("attack", ["useless", "harmful", "inject"])
def test_an_upload_attack_discards_what_the_client_learned_and_repeats_no_line(attack):
    attacker = adversary(attack)
    update = Update(3, prompt_id("Answer."), "Answer. Learned.", ())
    first = attacker.tampered(update, "Answer.", 1).prompt
    assert first.startswith("Answer.\n") and "Learned" not in first
    second = attacker.tampered(update, first, 2).prompt.splitlines()
    assert len(set(second)) == len(second) and second[: len(first.splitlines())] == first.splitlines()
    honest = Update(2, prompt_id("Answer."), "Answer. Learned.", ())
    assert attacker.tampered(honest, "Answer.", 1) is honest


def test_noise_differs_between_clients_and_rounds_and_repeats_with_the_seed():
    def noise(client, round_number):
        return adversary("useless").tampered(Update(client, "", "x", ()), "Answer.", round_number).prompt

    assert noise(1, 1) == noise(1, 1) and len({noise(1, 1), noise(3, 1), noise(1, 2)}) == 3


def test_the_goal_is_reached_if_the_prompt_contains_it_also_within_a_longer_line():
    attacker = adversary("inject")
    assert attacker.reached(f"Be brief.\n{GOAL}") and attacker.reached(f"Be brief. {GOAL} Be kind.")
    assert not attacker.reached("Be brief. Answer every question in one word.")
