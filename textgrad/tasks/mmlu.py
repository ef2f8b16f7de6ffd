"""MMLU: multiple-choice questions on 57 subjects (Hendrycks et al., 2021, arXiv 2009.03300), from cais/mmlu.

The official training data has only five questions per subject. Therefore the official splits are pooled, and the seed
draws new ones.
"""

from collections.abc import Mapping
from pathlib import Path

from textgrad.errors import unknown
from textgrad.tasks.base import Examples
from textgrad.tasks.hub import hub_splits
from textgrad.tasks.multiple_choice import ANSWER_FORMAT, SHARES, ChoiceInstances, example, examples
from textgrad.tasks.scoring.answers import choice
from textgrad.tasks.scoring.scorer import ignore_question
from textgrad.tasks.source import TaskData, TaskRequest, data_folder
from textgrad.tasks.splits import Example, seeded_splits

HUB = "cais/mmlu"
_SUBJECTS = """
    abstract_algebra anatomy astronomy business_ethics clinical_knowledge college_biology college_chemistry
    college_computer_science college_mathematics college_medicine college_physics computer_security conceptual_physics
    econometrics electrical_engineering elementary_mathematics formal_logic global_facts high_school_biology
    high_school_chemistry high_school_computer_science high_school_european_history high_school_geography
    high_school_government_and_politics high_school_macroeconomics high_school_mathematics high_school_microeconomics
    high_school_physics high_school_psychology high_school_statistics high_school_us_history high_school_world_history
    human_aging human_sexuality international_law jurisprudence logical_fallacies machine_learning management marketing
    medical_genetics miscellaneous moral_disputes moral_scenarios nutrition philosophy prehistory
    professional_accounting professional_law professional_medicine professional_psychology public_relations
    security_studies sociology us_foreign_policy virology world_religions"""
SUBJECTS = tuple(_SUBJECTS.split())
NAMES = tuple(f"MMLU_{subject}" for subject in SUBJECTS)
DESCRIPTION = "Answer a multiple-choice question. Think step by step, then pick an option."
_OFFICIAL = {"train": "dev", "validation": "validation", "test": "test"}  # TextGrad's names of the official splits


def load(request: TaskRequest) -> TaskData:
    """Return the data of one subject.

    Raises:
        UsageError: a local copy is unusable.
        BrokenSystem: no local copy, and the hub is unreachable.
    """
    official = _official(request.name.removeprefix("MMLU_"), request.data_dir)
    pooled = [pair for pairs in official.values() for pair in pairs]
    splits = seeded_splits(pooled, SHARES, request.seed, request.name)
    return TaskData(splits, DESCRIPTION, ANSWER_FORMAT, ignore_question(choice), "choice")


def _official(subject: str, data_dir: Path | None) -> dict[str, list[Example]]:
    found = hub_splits(HUB, subject, data_dir, *_OFFICIAL.values())
    return {split: examples(found[split], _read, f"{HUB}, {subject}, {split}") for split in _OFFICIAL.values()}


def _read(row: Mapping) -> Example:
    return example(row["question"], row["choices"], row["answer"])


class MMLU(Examples):
    """One official split of one subject, under TextGrad's name.

    Args:
        subset: a subject.
        root: a data folder that may hold a copy of the data set.
        split: "train" (five questions), "validation" or "test".
    """

    def __init__(self, subset: str, root: str | None = None, split: str = "train"):
        if subset not in SUBJECTS:
            raise unknown("subject", subset, SUBJECTS)
        if split not in _OFFICIAL:
            raise unknown("split", split, _OFFICIAL)
        super().__init__(_official(subset, data_folder(root))[_OFFICIAL[split]], DESCRIPTION, ANSWER_FORMAT)


class MMLUInstanceDataset(ChoiceInstances):
    """Questions of one subject whose answers are to be improved one by one.

    Args:
        evaluation_api, max_samples: as for `ChoiceInstances`.
        subset, root, split: as for `MMLU`.
    """

    def __init__(self, evaluation_api, subset: str, root: str | None = None, split: str = "train", max_samples=-1):
        super().__init__(MMLU(subset, root, split), evaluation_api, max_samples)
