"""Content of the messages between server and sites."""

import dataclasses
import json

import pytest

from utils.federation.evaluation import prompt_id
from utils.federation.update import NoUpload, NoUploadReason, Step, StepResult, Update
from utils.flower import records
from utils.flower.messenger import answer_safely
from utils.privacy.leak import Leak
from utils.privacy.leak_guard import GuardAction

UPDATE = Update(
    1,
    prompt_id("old"),
    "new prompt \ud800",
    (
        Step(1, 0.5, 1.0, 2, StepResult.ACCEPTED, "rose", "secret step", "secret rewrite"),
        Step(2, 0.5, None, 2, StepResult.BAD_REPLY, "secret reply", "secret step", kind="too short"),
    ),
    Leak(7, 0.25, ("4711",), ("Ada",), ("sk-1",), ((0, 3),), 0.125),
    GuardAction.WARNED,
)


def test_an_upload_contains_only_the_prompt_and_numbers_and_the_server_reads_them():
    record = records.encode_update(UPDATE)
    assert not [word for word in ("secret", "4711", "Ada", "sk-1") if word in repr(record)]
    read = records.decode_update(record, 1)
    assert (read.prompt, read.started, read.guard) == (UPDATE.prompt, UPDATE.started, GuardAction.WARNED)
    assert [(step.before, step.after, step.n, step.accepted) for step in read.steps] == [
        (0.5, 1.0, 2, True),
        (0.5, None, 2, False),
    ]
    assert [step.reason for step in read.steps] == ["rose", ""]
    assert [step.kind for step in read.steps] == ["", "too short"]
    assert (read.leak.longest_run, read.leak.overlap, read.leak.score) == (7, 0.25, 0.125)


def test_aggregators_get_the_same_upload_as_on_one_machine():
    update = dataclasses.replace(UPDATE, train_questions=12)
    for received in (
        records.decode_update(records.encode_update(update), 1),
        records.from_metadata(json.loads(json.dumps(records.to_metadata(update)))),
    ):
        assert received.as_upload() == update.as_upload()


def test_the_call_log_stores_answers_of_every_kind():
    late, failed = NoUpload(NoUploadReason.LATE), NoUpload(NoUploadReason.FAILED, "KeyError")
    assert (records.to_metadata(late), records.to_metadata(failed)) == ("late", "failed: KeyError")
    for answer in (late, failed, records.decode_update(records.encode_update(UPDATE), 1)):
        assert records.from_metadata(json.loads(json.dumps(records.to_metadata(answer)))) == answer


@pytest.mark.parametrize(
    "change",
    [
        {"prompt": "no bytes"},
        {"before": [0.5]},
        {"after": [2.0, 0.5]},
        {"n": [0, 2]},
        {"guard": "hacked"},
        {"result": ["accepted", "accepted"]},
        {"result": ["rejected", "better"]},
        {"prompt": b"\xff"},
        {"n": [float("inf"), 2]},
        {"n": [float("nan"), 2]},
        {"n": [10**9, 2]},
        {"n": [1.5, 2]},
        {"before": [float("nan"), 0.5]},
        {"before": ["half", 0.5]},
        {"after": [float("inf"), -1.0]},
        {"longest_run": -1},
        {"longest_run": float("inf")},
        {"overlap": float("nan")},
        {"score": -1e-9},
        {"train_questions": 10**12},
        {"train_questions": -1},
        {"train_questions": True},
    ],
)
def test_a_malformed_upload_is_rejected(change):
    with pytest.raises(records.MalformedUpload):
        records.decode_update({**records.encode_update(UPDATE), **change}, 1)
    with pytest.raises(records.MalformedUpload):
        records.decode_update({"hello": 1}, 1)


def test_the_type_of_an_exception_is_sent_but_not_its_text():
    def fail(record):
        raise KeyError("a private row")

    assert answer_safely(fail, {}) == {"failed": "KeyError"}


@pytest.mark.parametrize("kind", ["\x1b[31m", "a" * 41, 7, None])
def test_a_kind_of_a_bad_reply_that_this_program_does_not_know_is_no_upload(kind):
    record = records.encode_update(UPDATE)
    with pytest.raises(records.MalformedUpload):
        records.decode_update({**record, "kind": ["", kind]}, 1)


def test_an_upload_of_an_earlier_version_has_no_kinds():
    record = records.encode_update(UPDATE)
    del record["kind"]
    assert [step.kind for step in records.decode_update(record, 1).steps] == ["", ""]
