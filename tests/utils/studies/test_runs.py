"""The options, names and command lines of a study's runs."""

import pytest

from textgrad.errors import UsageError
from utils.config import parse
from utils.studies.__main__ import find_study
from utils.studies.declaration import PAPER, Arm, Study, vary
from utils.studies.runs import Request, settings_of

TASK = Arm(module="train_homo_fed", task=("BBH_object_counting",))
STUDY = Study("Steps", {"counting": TASK}, vary("max_steps", 1, 3), "steps", PAPER | Arm(batch_size=5))
AWKWARD = "Think 'twice',\n  \"count\" $HOME *.py `id` \\n -x"


def configs(study, folder, **request):
    return {key: parse(each.words) for key, each in settings_of(study, folder, Request(**request)).items()}


def test_options_of_the_user_replace_those_of_the_study_but_not_what_it_varies(tmp_path):
    found = configs(STUDY, tmp_path, options={"batch_size": 2, "initial_prompt": AWKWARD, "repeats": 3})
    assert [config.max_steps for config in found.values()] == [1, 3]
    assert {(config.batch_size, config.initial_prompt, config.repeats) for config in found.values()} == {
        (2, AWKWARD, 3)
    }
    with pytest.raises(UsageError, match="--max_steps: the rows and columns of 'Steps' set it"):
        configs(STUDY, tmp_path, options={"max_steps": 2})


def test_words_that_look_like_options_stay_values(tmp_path):
    found = configs(STUDY, tmp_path, options={"initial_prompt": "-x --seed 1", "data_seed": 7})
    assert {(config.initial_prompt, config.data_seed) for config in found.values()} == {("-x --seed 1", 7)}


def test_one_model_has_both_roles_and_its_engine_can_be_chosen(tmp_path):
    found = configs(STUDY, tmp_path, engines={"Llama-3.1-8B": "local-smollm2"})
    assert {(config.test_engine, config.evaluation_engine) for config in found.values()} == {("local-smollm2",) * 2}
    (first, *_) = configs(find_study("fig3_engines")[1], tmp_path).values()
    assert (first.module, first.test_engine, first.evaluation_engine) == ("train_centralized", "gpt-4", "gpt-4")


def test_studies_share_the_runs_of_equal_settings(tmp_path):
    names = {
        study: {each.name for each in settings_of(find_study(study)[1], tmp_path, Request()).values()}
        for study in ("fig2a_local_steps", "fig2b_num_clients", "fig2c_batch_size")
    }
    shared = set.intersection(*names.values())
    assert len(shared) == 3 and "homo_fed_BBH_object_counting" in shared


def test_cells_that_differ_in_their_measure_share_a_run(tmp_path):
    settings = settings_of(find_study("table3_transfer")[1], tmp_path, Request())
    assert len(settings) == 6 and len({each.name for each in settings.values()}) == 3


def test_only_selects_labels_of_each_axis(tmp_path):
    study = find_study("fig2a_local_steps")[1]
    found = settings_of(study, tmp_path, Request(only=("10", "1", "GSM8K")))
    assert list(found) == [("GSM8K", "1"), ("GSM8K", "10")]
    assert len(settings_of(study, tmp_path, Request(only=("GSM8K",)))) == 4
    with pytest.raises(UsageError, match="--only: .* has no '7'; its rows and columns are object counting, 1, "):
        settings_of(study, tmp_path, Request(only=("7",)))


def test_a_smoke_run_needs_no_model_and_no_download_and_has_enough_questions(tmp_path):
    for config in configs(find_study("fig2b_num_clients")[1], tmp_path, smoke=True).values():
        assert config.test_engine.startswith("simulated") and config.task[0].startswith("RG_")
        assert config.train_size >= config.homo_split_num * config.batch_size and config.max_epochs == 1
