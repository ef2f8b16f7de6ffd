"""BIG-Bench Hard: 27 tasks of short reasoning questions (Suzgun et al., 2022, arXiv 2210.09261).

Each task is one file, `bbh/<task>.json`, read from the data folder, else from the cache folder, else downloaded from
the official repository. Repeated questions are dropped. The first 50 questions are
for training, the next 100 for validation and the rest for the test, in file order as in TextGrad. If that leaves no
test questions (penguins_in_a_table), validation and test share the questions after training.
"""

from pathlib import Path

from textgrad.cache import cache_folder
from textgrad.errors import BrokenSystem, UsageError
from textgrad.tasks.base import Examples
from textgrad.tasks.download import download
from textgrad.tasks.scoring.answers import SCORERS, number, read_answer
from textgrad.tasks.scoring.numerals import last_number, number_in
from textgrad.tasks.scoring.scorer import ignore_question
from textgrad.tasks.source import TaskData, TaskRequest, answer_line, data_folder, own_copy_hint
from textgrad.tasks.splits import Example, Splits, distinct
from textgrad.text import comparison_key, decode, parse_json

OFFICIAL = "https://raw.githubusercontent.com/suzgunmirac/BIG-Bench-Hard/main/bbh"
TRAIN, VAL = 50, 100

_NUMBER = ("number", "a number")
_LETTER = ("choice", "the letter of the right option in brackets")
_YES_NO = ("boolean", "Yes or No")
_OBJECTS = "Deduce the order of the objects from the statements, one statement at a time, and pick the true option."
_SWAPS = "Follow the swaps one by one, keep track of who has what, and pick the option that holds at the end."

TASKS: dict[str, tuple[tuple[str, str], str]] = {
    "boolean_expressions": (("boolean", "True or False"), "Work out the value of a Boolean expression step by step."),
    "causal_judgement": (
        _YES_NO,
        "Read a story and answer a question about causes or intentions as most people would.",
    ),
    "date_understanding": (_LETTER, "Find the date that is asked for. Think step by step, then pick an option."),
    "disambiguation_qa": (_LETTER, "Decide whom or what the pronoun refers to, or that the sentence leaves it open."),
    "dyck_languages": (
        ("brackets", "the missing closing brackets only, separated by spaces"),
        "Close the open brackets of the sequence in the right order. Think step by step.",
    ),
    "formal_fallacies": (
        ("boolean", "valid or invalid"),
        "Decide whether the conclusion of an argument follows from its premises.",
    ),
    "geometric_shapes": (_LETTER, "Tell which shape an SVG path draws. Think step by step, then pick an option."),
    "hyperbaton": (_LETTER, "Pick the sentence whose adjectives stand in the natural English order."),
    "logical_deduction_five_objects": (_LETTER, _OBJECTS),
    "logical_deduction_seven_objects": (_LETTER, _OBJECTS),
    "logical_deduction_three_objects": (_LETTER, _OBJECTS),
    "movie_recommendation": (_LETTER, "Pick the film that someone who likes the listed films is likeliest to enjoy."),
    "multistep_arithmetic_two": (_NUMBER, "Calculate the value of an arithmetic expression step by step."),
    "navigate": (_YES_NO, "Follow the moves one by one and decide whether they lead back to the starting point."),
    "object_counting": (_NUMBER, "Count the objects that the question asks for. Think step by step."),
    "penguins_in_a_table": (
        _LETTER,
        "Answer a question about a table of animals. Think step by step, then pick an option.",
    ),
    "reasoning_about_colored_objects": (
        _LETTER,
        "Answer a question about the colours of some objects. Think step by step, then pick an option.",
    ),
    "ruin_names": (_LETTER, "Pick the edit of a film's or an artist's name that is meant to be funny."),
    "salient_translation_error_detection": (
        _LETTER,
        "Compare a German sentence with its English translation and pick the kind of error in it.",
    ),
    "snarks": (_LETTER, "Pick the statement that is meant sarcastically."),
    "sports_understanding": (("boolean", "yes or no"), "Decide whether a sentence about sports is plausible."),
    "temporal_sequences": (_LETTER, "Work out from the schedule when the person was free, then pick an option."),
    "tracking_shuffled_objects_five_objects": (_LETTER, _SWAPS),
    "tracking_shuffled_objects_seven_objects": (_LETTER, _SWAPS),
    "tracking_shuffled_objects_three_objects": (_LETTER, _SWAPS),
    "web_of_lies": (_YES_NO, "Work out, person by person, who tells the truth and who lies."),
    "word_sorting": (("words", "the sorted words, separated by spaces"), "Sort the listed words alphabetically."),
}

NAMES = tuple(f"BBH_{task}" for task in TASKS)


def load(request: TaskRequest) -> TaskData:
    """Return the data of one task.

    Args:
        request: its name is one of `NAMES`.

    Raises:
        UsageError: a data file is unusable.
        BrokenSystem: no data file, and the download failed.
    """
    task = request.name.removeprefix("BBH_")
    (kind, form), description = TASKS[task]
    examples = fetch(task, request.data_dir)
    return TaskData(split(examples), description, answer_line(form), ignore_question(SCORERS[kind]), kind)


def split(examples: list[Example]) -> Splits:
    """Return train, validation and test examples, in file order."""
    unique = distinct(examples)
    val = VAL if len(unique) > TRAIN + VAL else (len(unique) - TRAIN) // 2
    return unique[:TRAIN], unique[TRAIN : TRAIN + val], unique[TRAIN + val :]


def fetch(task: str, data_dir: Path | None, cache: Path | None = None, base_url: str = OFFICIAL) -> list[Example]:
    """Return the examples of a task in file order; download its file if necessary.

    Args:
        task: a key of `TASKS`.
        data_dir: searched first; never written to.
        cache: folder for downloads; default: `cache_folder()`.
        base_url: of the download.

    Raises:
        UsageError: the file in `data_dir` is unusable.
        BrokenSystem: the file in the cache was damaged (it is removed), or the download failed.
    """
    name = f"bbh/{task}.json"
    if data_dir and (data_dir / name).is_file():
        return read_examples(data_dir / name)
    cached = (cache or cache_folder()) / name
    if not cached.is_file():
        try:
            download(f"{base_url}/{task}.json", cached, parse)
        except BrokenSystem as error:
            raise BrokenSystem(f"{error}; {own_copy_hint(data_dir, name)}") from error
    try:
        return read_examples(cached)
    except UsageError as error:
        cached.unlink(missing_ok=True)
        raise BrokenSystem(f"{error}; the damaged file was removed: run again to download it") from error


def read_examples(path: Path) -> list[Example]:
    """Return all examples of a task's file.

    Raises:
        UsageError: the file is unreadable or not in the format of BIG-Bench Hard.
    """
    try:
        return parse(path.read_bytes())
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} is not a file of BIG-Bench Hard: {error}") from error


def parse(content: bytes) -> list[Example]:
    """Return the examples in `{"examples": [{"input": str, "target": str}, ...]}`.

    Raises:
        ValueError: the content has another form.
    """
    document = parse_json(decode(content))
    examples = document.get("examples") if isinstance(document, dict) else None
    if not isinstance(examples, list) or len(examples) < TRAIN + 2:
        raise ValueError(f'it needs a list "examples" with at least {TRAIN + 2} items')
    for index, example in enumerate(examples):
        fields = [example.get(field) for field in ("input", "target")] if isinstance(example, dict) else []
        if not fields or not all(isinstance(field, str) and comparison_key(field) for field in fields):
            raise ValueError(f'example {index} lacks a text "input" or "target"')
    return [(example["input"], example["target"]) for example in examples]


class BigBenchHard(Examples):
    """One split of one task, under TextGrad's name.

    Args:
        task_name: a key of `TASKS`.
        root: a data folder that holds bbh/; default: FEDTEXTGRAD_DATA, the cache or a download.
        split: "train", "val" or "test".
    """

    def __init__(self, task_name: str, root: str | None = None, split: str = "train", *args, **kwargs):
        data = load(TaskRequest(f"BBH_{task_name}", data_folder(root)))
        super().__init__(data.splits[("train", "val", "test").index(split)], data.description, data.answer_format)


def parse_integer_answer(answer: str, only_first_line: bool = False) -> int | None:
    """Return the signed integer that a reply gives as its answer, or None.

    Args:
        answer: the reply.
        only_first_line: ignore all but its first line.
    """
    text = answer.strip().partition("\n")[0] if only_first_line else answer
    value = read_answer(text, number_in, last_number)
    return None if value is None or value.denominator != 1 else int(value)


def string_based_equality_fn(prediction, ground_truth_answer) -> int:
    """Return 1 if the answers of two Variables are the same number, else 0."""
    return number(prediction.value, ground_truth_answer.value)
