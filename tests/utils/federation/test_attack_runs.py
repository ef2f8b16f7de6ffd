"""Whole runs under attack: what reaches the global prompt, what is measured, and that no attack changes nothing."""

import json
import re

import pytest
import toy

import main
from utils.federation.attacks.backdoor import TRIGGER
from utils.federation.attacks.harmful import _ADVICE
from utils.federation.attacks.inject import GOAL
from utils.run_log.ledger import verify
from utils.run_log.results import summarize

FIVE = ("--num_clients", "5", "--train_size", "30", "--no_aggregate_gate")


def results_of(tmp_path, *options, prepare=lambda engines, test, evaluation: None):
    result, federation, *_ = toy.train(toy.config(tmp_path, *FIVE, *options), prepare)
    return summarize(federation, result), federation


@pytest.mark.parametrize("attack, text", [("harmful", _ADVICE[0]), ("inject", GOAL)])
def test_an_upload_attack_reaches_the_global_prompt_and_lowers_accuracy(tmp_path, attack, text):
    plain, _ = results_of(tmp_path)
    attacked, federation = results_of(tmp_path, "--attack", attack)
    assert text in attacked["prompts"]["last"] and text not in plain["prompts"]["last"]
    assert attacked["metrics"]["last_test_acc"]["value"] < plain["metrics"]["last_test_acc"]["value"]
    assert "attack" not in plain and not {"malicious_retention", "attack_success_rate"} & plain["metrics"].keys()
    record = attacked["attack"]
    assert record["malicious_clients"] == list(federation.adversary.clients) and len(record["malicious_clients"]) == 1
    assert [each["malicious_uploads"] for each in record["rounds"]] == [record["malicious_clients"]] * 2
    assert [each["malicious_instructions_contained"]["value"] for each in record["rounds"]] == [1.0, 1.0]


def test_the_success_of_an_injection_counts_rounds(tmp_path):
    results, _ = results_of(tmp_path, "--attack", "inject")
    success = results["metrics"]["attack_success_rate"]
    assert (success["value"], success["n"]) == (1.0, 2)
    assert [each["goal_reached"] for each in results["attack"]["rounds"]] == [True, True]


def test_a_round_that_keeps_its_old_prompt_keeps_all_uploads_out(tmp_path):
    results, _ = results_of(tmp_path, "--attack", "inject", "--aggregate_gate")
    kept_old = [bool(each["kept_old"]) for each in results["rounds"][1:]]
    assert any(kept_old), "the gate keeps the old prompt if accuracy falls"
    for old, record in zip(kept_old, results["attack"]["rounds"], strict=True):
        assert not old or set(record["malicious_uploads"]) <= set(record["kept_out"])
        assert old is (record["malicious_instructions_contained"]["value"] == 0)


def test_a_backdoor_is_measured_on_triggered_questions_before_and_after(tmp_path):
    """An engine that answers triggered questions with the target as soon as the prompt has a lesson."""

    def install(engines, test, evaluation):
        complete = test.complete

        def answer(messages, sampling):
            reply = complete(messages, sampling)
            trained = any(each["role"] == "system" and "Lesson" in each["content"] for each in messages)
            if trained and f"\n\n{TRIGGER}" in messages[-1]["content"]:
                text = re.sub("Answer: .*", f"Answer: {target}", reply.text)
                return type(reply)(text, reply.finish_reason, reply.prompt_tokens, reply.completion_tokens)
            return reply

        test.complete = answer

    options = ("--attack", "backdoor")
    (target,) = results_of(tmp_path, *options)[0]["attack"]["targets"].values()
    results, federation = results_of(tmp_path, *options, prepare=install)
    n = len(federation.questions["sums", "triggered"])
    assert results["metrics"]["attack_success_rate"] == {
        "value": 1.0,
        "n": n,
        "ci95": pytest.approx([0.72, 1], abs=0.1),
    }
    assert results["metrics"]["attack_success_rate_initial"]["value"] == 0.0
    assert results["data"]["sums"]["test"] == 10, "the clean test questions stay as they are"


@pytest.mark.slow
def test_no_attack_and_a_rate_of_zero_change_no_byte_of_a_run(tmp_path):
    stories = []
    for name, more in {
        "plain": [],
        "none": ["--attack", "none", "--malicious_rate", "0.5"],
        "zero": ["--attack", "harmful", "--malicious_rate", "0"],
    }.items():
        assert main.main(toy.options(tmp_path, "--run_name", name, *more)) == 0
        stories.append(toy.story(tmp_path / "logs" / name))
    assert stories[0] == stories[1] == stories[2]


@pytest.mark.slow
def test_an_attacked_run_repeats_byte_for_byte_and_names_its_attackers_in_ledger_and_report(tmp_path):
    stories = []
    for name in ("one", "two"):
        assert main.main(toy.options(tmp_path, "--attack", "useless", "--run_name", name)) == 0
        stories.append(toy.story(tmp_path / "logs" / name))
    assert stories[0] == stories[1]
    folder = tmp_path / "logs" / "one"
    assert verify(folder) == (2, None)
    (attacker,) = json.loads((folder / "results.json").read_text())["attack"]["malicious_clients"]
    for line in (folder / "ledger.jsonl").read_text().splitlines():
        marked = [each["client"] for each in json.loads(line)["clients"] if each.get("malicious")]
        assert marked == [attacker]
    assert f"Malicious clients: {attacker}." in (folder / "report.html").read_text()
