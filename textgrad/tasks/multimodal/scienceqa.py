"""ScienceQA: its questions about images; `textgrad.tasks.scienceqa` has the others."""

import string

from textgrad.tasks.multimodal.instances import ImageInstances
from textgrad.tasks.scienceqa import HUB, read
from textgrad.tasks.scoring.answers import choice


class ScienceQADataset(ImageInstances):
    """The test questions about images; see `ImageInstances`. The right answer is the index of an option."""

    hub = HUB
    splits = ("test",)
    image_column = "image"
    instruction = (
        "Answer a question of school science about an image. Look closely, think step by step, and end with one line "
        "of the form 'Answer: (LETTER)'."
    )

    def question_of(self, row: dict) -> str:
        return read(row)[0]

    def is_right(self, reply: str, row: dict) -> bool:
        return bool(choice(reply, string.ascii_uppercase[row["answer"]]))
