"""Uploads: equal prompts become one entry with counts, and a client's update becomes an upload."""

from utils.aggregation.upload import Upload, distinct_uploads
from utils.federation.update import Step, StepResult, Update


def test_equal_prompts_become_one_upload_with_summed_counts():
    uploads = [
        Upload(0, "a", n=10, accuracy_before=0.5, accuracy_after=1.0, accepted=1),
        Upload(1, "b", n=7),
        Upload(2, " a\n", n=30, accuracy_before=0.1, accuracy_after=0.2, accepted=2),
    ]
    first, second = distinct_uploads(uploads)
    assert (first.client, first.prompt, first.n, first.accepted, first.copies) == (0, "a", 40, 3, 2)
    assert (round(first.accuracy_before, 6), round(first.accuracy_after, 6)) == (0.2, 0.4)
    assert second == Upload(1, "b", n=7)


def test_empty_prompts_are_dropped_and_unknown_accuracies_stay_unknown():
    (only,) = distinct_uploads([Upload(0, " \n"), Upload(1, "a"), Upload(2, "a")])
    assert (only.client, only.copies, only.n, only.accuracy_before, only.accuracy_after) == (1, 2, 0, None, None)


def test_an_update_becomes_an_upload_with_accuracies_over_all_steps():
    steps = (
        Step(1, before=0.0, after=1.0, n=3, result=StepResult.ACCEPTED, reason="rose", prompt="b"),
        Step(2, before=1.0, after=0.0, n=1, result=StepResult.REJECTED, reason="fell", prompt="b"),
        Step(3, before=1.0, after=None, n=4, result=StepResult.BAD_REPLY, reason="no tags", prompt="b"),
    )
    upload = Update(client=5, started="id", prompt="b", steps=steps, train_questions=12).as_upload()
    assert upload == Upload(5, "b", n=12, accuracy_before=5 / 8, accuracy_after=1.0, accepted=1)


def test_an_update_without_steps_has_no_accuracies():
    assert Update(0, "id", "a", ()).as_upload() == Upload(0, "a")
