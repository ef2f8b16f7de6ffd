"""The calls, tokens, dollars and hours of whole studies, from the dry runs of their settings."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from textgrad.errors import StopRun
from utils.config import Config, parse
from utils.engines.forecast import forecast
from utils.program.command import EXIT_OK, EXIT_USAGE
from utils.studies.runs import Setting

_HEADER = ("study", "runs", "calls", "from cache", "request tokens", "reply tokens", "dollars", "hours")


@dataclass(frozen=True)
class _Total:
    """Expected usage; dollars and hours are None if a price or the rate of requests is unknown."""

    runs: int
    calls: int
    cached: int
    request_tokens: int
    reply_tokens: int
    dollars: float | None
    hours: float | None


def dry_run(settings_by_study: Mapping[str, Iterable[Setting]]) -> int:
    """Print the expected usage of studies and its sum, where runs that studies share count once.

    Returns:
        The exit status: 2 if a study cannot be counted.
    """
    totals: dict[str, _Total] = {}  # by run
    print(_row(_HEADER))
    status = EXIT_OK
    for study, settings in settings_by_study.items():
        try:
            own = {each.name: totals.get(each.name) or _expected(parse(each.words)) for each in settings}
        except StopRun as reason:
            status = EXIT_USAGE
            print(f"{study}: not counted: {reason}", flush=True)
            continue
        totals |= own
        print(_row(_cells(study, _sum(own.values()))), flush=True)
    if len(settings_by_study) > 1:
        print(_row(_cells("all, shared runs once", _sum(totals.values()))))
    return status


def _expected(config: Config) -> _Total:
    usage, repeats, rate = forecast(config).values(), config.repeats, config.requests_per_minute
    sent = repeats * sum(each.calls for each in usage)
    cached = repeats * sum(each.cached for each in usage)
    return _Total(
        repeats,
        sent + cached,
        cached,
        repeats * sum(each.prompt_tokens for each in usage),
        repeats * sum(each.completion_tokens for each in usage),
        _known_sum([each.dollars and repeats * each.dollars for each in usage]),
        sent / rate / 60 if rate else None,
    )


def _sum(totals: Iterable[_Total]) -> _Total:
    totals = list(totals)
    return _Total(
        sum(each.runs for each in totals),
        sum(each.calls for each in totals),
        sum(each.cached for each in totals),
        sum(each.request_tokens for each in totals),
        sum(each.reply_tokens for each in totals),
        _known_sum([each.dollars for each in totals]),
        _known_sum([each.hours for each in totals]),
    )


def _known_sum(values: list[float | None]) -> float | None:
    """Return the sum, or None if a value is unknown."""
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) else None


def _cells(name: str, total: _Total) -> tuple[str, ...]:
    dollars = "no price" if total.dollars is None else f"{total.dollars:.2f}"
    hours = "no rate" if total.hours is None else f"{total.hours:.1f}"
    return (
        name,
        f"{total.runs:,}",
        f"{total.calls:,}",
        f"{total.cached:,}",
        f"{total.request_tokens:,}",
        f"{total.reply_tokens:,}",
        dollars,
        hours,
    )


def _row(cells: Iterable[str]) -> str:
    name, *numbers = cells
    return f"{name:<30}{''.join(f'{number:>16}' for number in numbers)}"
