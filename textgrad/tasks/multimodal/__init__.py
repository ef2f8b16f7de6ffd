"""Questions about images whose answers are to be improved one by one."""

from textgrad.engine import EngineLM
from textgrad.errors import unknown
from textgrad.tasks.multimodal.instances import ImageInstances
from textgrad.tasks.multimodal.mathvista import MathVistaDataset
from textgrad.tasks.multimodal.scienceqa import ScienceQADataset

_DATASETS: dict[str, type[ImageInstances]] = {"mathvista": MathVistaDataset, "scienceqa": ScienceQADataset}


def load_multimodal_instance_task(task_name: str, evaluation_api: EngineLM, *args, **kwargs) -> ImageInstances:
    """Return the questions of a data set.

    Args:
        task_name: "mathvista" or "scienceqa".
        evaluation_api: the engine that reviews answers, which takes images.
        *args, **kwargs: further arguments of `ImageInstances`.

    Raises:
        UsageError: the name is unknown, or a local copy is unusable.
        BrokenSystem: no local copy, and the hub is unreachable.
    """
    if task_name not in _DATASETS:
        raise unknown("multimodal instance task", task_name, _DATASETS)
    return _DATASETS[task_name](evaluation_api, *args, **kwargs)
