"""Any data set of the Hugging Face hub: "hf:<owner>/<name>", or "hf:<owner>/<name>/<configuration>"."""

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

from textgrad.errors import UsageError, unknown
from textgrad.tasks.hub import hub_splits
from textgrad.tasks.records import is_value
from textgrad.tasks.source import TaskData, TaskRequest
from textgrad.tasks.splits import Example, Splits, disjoint, shuffled
from textgrad.tasks.user_file import SHARES, read_examples, with_scorer
from textgrad.text import normalize

NAMES = ("hf:<path>",)
TAKES_SCORER = True
FIELDS = ("question", "answer")
PARTS = ("train", "val", "test")
_SHARE = dict(zip(PARTS, SHARES, strict=True))
_USUAL = {"train": ("train",), "val": ("validation", "val", "valid", "dev"), "test": ("test",)}


def load(request: TaskRequest) -> TaskData:
    """Return a data set with the scorer of a user's file.

    Args:
        request: `columns` maps "question" and "answer" to columns, of which several, joined by commas, are texts one
            below the other; default: columns of these names. `hub_splits` maps "train", "val" and "test" to official
            splits; default: splits of the usual names, and "train" for those that are missing. Parts with the same
            official split share its questions, at the ratio 50 : 20 : 30.

    Raises:
        UsageError: a name, a column or a split is unknown; a value is neither a text nor a number; a part is empty;
            see also `user_file.load`.
        BrokenSystem: no local copy, and the hub is unreachable.
    """
    owner, _, rest = request.name.removeprefix("hf:").partition("/")
    name, _, config = rest.partition("/")
    if not owner or not name:
        raise UsageError(f"invalid task {request.name!r}: expected hf:<owner>/<name>, such as hf:openai/gsm8k/main")
    official = hub_splits(f"{owner}/{name}", config or None, request.data_dir)
    split_of = _split_of(request, official)
    records = {split: _records(request, official[split], split) for split in dict.fromkeys(split_of.values())}
    kind, examples = read_examples(list(chain.from_iterable(records.values())), request)
    remaining = iter(examples)
    by_split = {split: [next(remaining) for _ in found] for split, found in records.items()}
    return with_scorer(kind, examples, _divide(by_split, split_of, request), request)


def _split_of(request: TaskRequest, official: Mapping[str, Any]) -> dict[str, str]:
    """Return the official split of each part."""
    for part, split in request.hub_splits.items():
        if part not in PARTS:
            raise unknown("part in --splits", part, PARTS)
        if split not in official:
            raise _no_split(request, split, official)
    found = {}
    for part in PARTS:
        usual = next((split for split in _USUAL[part] if split in official), "train")
        found[part] = request.hub_splits.get(part, usual)
        if found[part] not in official:
            raise _no_split(request, found[part], official)
    return found


def _no_split(request: TaskRequest, split: str, official: Mapping[str, Any]) -> UsageError:
    names = ", ".join(official)
    return UsageError(
        f"{request.name} has no split {split!r}; its splits are {names}: "
        "choose with --splits train=... val=... test=..."
    )


def _records(request: TaskRequest, rows: Any, split: str) -> list[dict]:
    columns = {field: request.columns.get(field, field).split(",") for field in FIELDS}
    if wrong := [field for field in request.columns if field not in FIELDS]:
        raise unknown("field in --columns", wrong[0], FIELDS)
    for column in chain.from_iterable(columns.values()):
        if column not in rows.column_names:
            raise UsageError(
                f"{request.name} has no column {column!r}; its columns are {', '.join(rows.column_names)}: "
                "choose with --columns question=... answer=..."
            )
    read = {column: _texts(rows, column) for column in {*columns["question"], *columns["answer"]}}
    records = []
    for number in range(len(rows)):
        record = {}
        for field, names in columns.items():
            values = [read[column][number] for column in names]
            if bad := [column for column, value in zip(names, values, strict=True) if not is_value(value)]:
                raise UsageError(
                    f"{request.name}, split {split}, row {number}: the column {bad[0]!r} has neither a text nor a "
                    "number there: choose another one with --columns"
                )
            record[field] = "\n".join(normalize(str(value)) for value in values)
        records.append(record)
    return records


def _texts(rows: Any, column: str) -> list:
    """Return the values of a column, labels by their names."""
    import datasets

    values, feature = list(rows[column]), rows.features[column]
    if isinstance(feature, datasets.ClassLabel):
        return [None if value is None or value < 0 else feature.int2str(value) for value in values]
    return values


def _divide(by_split: Mapping[str, Sequence[Example]], split_of: Mapping[str, str], request: TaskRequest) -> Splits:
    """Shuffle each official split and give its questions to the parts that use it."""
    found: dict[str, list[Example]] = {}
    for split, examples in by_split.items():
        rest = shuffled(examples, request.seed)
        first, *others = [part for part in PARTS if split_of[part] == split]
        total = sum(_SHARE[part] for part in (first, *others))
        for part in others:
            count = round(len(examples) * _SHARE[part] / total)
            found[part], rest = rest[:count], rest[count:]
        found[first] = rest
    splits = disjoint((found["train"], found["val"], found["test"]))
    for part, examples in zip(PARTS, splits, strict=True):
        if not examples:
            raise UsageError(f"{request.name} has no question for {part}: choose other splits with --splits")
    return splits
