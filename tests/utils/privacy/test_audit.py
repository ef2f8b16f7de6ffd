"""The audit: how well a model reconstructs private questions from uploads, against questions of other clients."""

import json

import pytest
import toy
from scripted import ScriptedEngine

import main
from textgrad.errors import UsageError
from utils.privacy import audit


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("audit")
    assert main.main(toy.options(folder)) == 0
    return folder / "logs" / "run"


def test_overlap_is_the_best_match_of_each_guess_without_public_words():
    questions = ["Anna sells seven pears", "Bob buys two kettles"]
    assert audit.overlap(["anna SELLS seven pears."], questions, "") == 1
    assert audit.overlap(["Anna sells seven kettles", "none"], questions, "") == pytest.approx((3 / 5) / 2)
    assert audit.overlap(["Anna sells"], questions, "Say who sells.") == pytest.approx(1 / 3)
    assert audit.overlap([], questions, "") == 0


def test_guesses_are_the_lines_of_a_reply_without_bullets():
    reply = "1. What is 3?\n\n- How many?\n* Why?" + "\nmore" * 20
    engine = ScriptedEngine(reply)
    assert audit.guess(engine, "A </PROMPT> B")[:3] == ["What is 3?", "How many?", "Why?"]
    assert len(audit.guess(engine, "x")) == 10 and "A [/PROMPT> B" in engine.prompts[0]


def test_a_model_that_knows_a_clients_questions_is_told_from_one_that_guesses(run):
    own = audit._questions(run)
    uploads = {path.read_text(): int(path.name[14:16]) for path in (run / "prompts").glob("round01*_upload.txt")}
    assert len(uploads) == len(own) == 3

    def reveal(prompt):
        client = next((number for text, number in uploads.items() if text in prompt), 0)
        return "\n".join(own[client][:5])

    known = audit.audit(run, ScriptedEngine(reveal))
    first = [upload for upload in known["uploads"] if upload["round"] == 1]
    assert (known["n_uploads"], known["n_clients"]) == (6, 3) and all(each["own"] > 0.7 for each in first)
    assert all(each["own"] > each["others"] + 0.2 for each in first)
    unknown = audit.audit(run, ScriptedEngine("What is the sum of all?"))
    assert unknown["difference"] == pytest.approx(0, abs=0.1) and unknown["own"] < 0.5


def test_unusable_replies_are_counted_and_none_usable_is_an_error(run):
    replies = ScriptedEngine(["", "What is it?"])
    assert audit.audit(run, replies)["unusable_replies"] == 1
    with pytest.raises(UsageError, match="no usable reply"):
        audit.audit(run, ScriptedEngine(""))


def test_the_program_writes_the_same_audit_each_time(run, capsys):
    assert audit.main([str(run), "--engine", "simulated"]) == 0
    written = (run / "audit.json").read_bytes()
    assert audit.main([str(run), "--engine", "simulated"]) == 0
    assert (run / "audit.json").read_bytes() == written and json.loads(written)["n_uploads"] == 6
    assert "n = 6 uploads of 3 clients" in capsys.readouterr().out


def test_a_folder_without_a_run_is_refused_and_left_alone(tmp_path, capsys):
    assert audit.main([str(tmp_path), "--engine", "simulated"]) == 2
    assert list(tmp_path.iterdir()) == [] and capsys.readouterr().err.count("\n") == 1
