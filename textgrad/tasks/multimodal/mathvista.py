"""MathVista: mathematical questions about images (Lu et al., 2024, arXiv 2310.02255), from AI4Math/MathVista.

The replies are scored by rules. MathVista itself lets a language model extract the answer.
"""

import string

from textgrad.tasks.multimodal.instances import ImageInstances
from textgrad.tasks.scoring.answers import choice, exact, read_answer
from textgrad.tasks.scoring.numerals import last_number, number_in


class MathVistaDataset(ImageInstances):
    """The questions of one split; see `ImageInstances`."""

    hub = "AI4Math/MathVista"
    splits = ("testmini", "test")
    image_column = "decoded_image"
    instruction = (
        "Answer a mathematical question about an image. Look closely, think step by step, and end with one line of "
        "the form 'Answer: VALUE'."
    )

    def question_of(self, row: dict) -> str:
        return row["query"]

    def is_right(self, reply: str, row: dict) -> bool:
        """Compare an option by its letter or its text, a number as rounded by the question, another answer as text."""
        answer, options = str(row["answer"]), row.get("choices") or []
        if answer in options:
            letter = string.ascii_uppercase[options.index(answer)]
            return bool(choice(reply, letter) or exact(reply, answer))
        expected = number_in(answer)
        if row.get("answer_type") not in ("integer", "float") or expected is None:
            return bool(exact(reply, answer))
        value, digits = read_answer(reply, number_in, last_number), int(row.get("precision") or 0)
        return value is not None and round(value, digits) == round(expected, digits)
