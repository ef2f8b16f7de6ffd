"""Aggregators: their merges, the number of requests, and their fallbacks."""

import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from textgrad.discovery import names_in
from textgrad.engine.base import EngineLM, Text
from textgrad.engine.simulated import SimulatedEngine
from textgrad.errors import BadReply, UsageError
from textgrad.style import Style
from textgrad.tokens import estimate_tokens
from utils.aggregation.aggregate import aggregate
from utils.aggregation.concatenation import concatenate
from utils.aggregation.merging import Merging
from utils.aggregation.prompts import FURTHER_INSTRUCTIONS, REWRITE_EVENLY, SUMMARIZE, SUMMARIZE_EVENLY, Job
from utils.aggregation.tree import plan
from utils.aggregation.upload import Upload
from utils.config import Config

_FENCE = re.compile(r'<PROMPT client="\d+">\n(.*?)\n</PROMPT>', re.DOTALL)


class Scribe(EngineLM):
    """Record requests. Answer with the next of `replies`, or echo the fenced texts if there is none."""

    def __init__(self, *replies: str):
        self.replies, self.requests, self.lock = list(replies), [], threading.Lock()

    def generate(self, prompt, system_prompt=None, **kwargs):
        with self.lock:
            self.requests.append((prompt, system_prompt))
            if self.replies:
                return self.replies.pop(0)
        return tagged("+".join(_FENCE.findall(prompt)))


def tagged(text: str) -> str:
    return f"<IMPROVED_VARIABLE>\n{text}\n</IMPROVED_VARIABLE>"


def merge(method, prompts, engine=None, broadcast="old", token_budget=1000, **options):
    uploads = [Upload(client, prompt) for client, prompt in enumerate(prompts)]
    return aggregate(method, uploads, Merging(engine or Scribe(), token_budget, broadcast=broadcast, **options))


def test_every_aggregator_of_the_readme_has_a_file():
    table = (Path(__file__).parents[3] / "utils/aggregation/README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`.+?) \|", table.partition("\n## ")[0], re.MULTILINE)
    documented = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert documented == set(names_in("utils.aggregation.methods"))


def test_aggregators_are_not_imported_before_they_are_used():
    code = (
        "import sys, utils.aggregation.aggregate\n"
        "assert not [name for name in sys.modules if name.startswith('utils.aggregation.methods')]"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_an_unknown_method_lists_the_known_ones_nearest_first():
    with pytest.raises(UsageError, match="unknown aggregator 'sumuid'.*nearest first: sum_uid, "):
        merge("sumuid", ["a", "b"])


def test_none_is_rejected_because_there_is_nothing_to_merge():
    with pytest.raises(UsageError, match="nothing to merge"):
        merge("none", ["a", "b"])


@pytest.mark.parametrize("options", [{"token_budget": 0}, {"fan_in": 1}])
def test_a_budget_or_fan_in_out_of_range_is_rejected(options):
    with pytest.raises(UsageError, match="at least"):
        merge("concat", ["a", "b"], **options)


METHODS = [name for name in names_in("utils.aggregation.methods") if name != "none"]


@pytest.mark.parametrize("method", METHODS)
def test_a_single_distinct_upload_is_returned_without_asking_the_engine(method):
    engine = Scribe()
    result = merge(method, ["same", "same\n", " same"], engine)
    assert (result.prompt, result.distinct, result.calls, engine.requests) == ("same", 1, 0, [])


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("uploads", [["word " * 50], ["word " * 50] * 3, ["word " * 50, "other " * 50], ["a", "b"]])
def test_every_merge_is_within_the_token_budget(method, uploads):
    longest = "+".join(["many"] * 100)
    for engine in (Scribe(), Scribe(*[tagged(longest)] * 20), Scribe(*["no tags"] * 20)):
        result = merge(method, uploads, engine, token_budget=10)
        assert estimate_tokens(result.prompt) <= 10
        assert result.prompt != "old" or result.fallbacks[-1] == "old_prompt", "a lost round is reported"


def test_equal_uploads_above_the_budget_keep_the_old_prompt_and_report_it():
    result = merge("summarization", ["word " * 50] * 3, token_budget=10)
    assert (result.prompt, result.distinct, result.fallbacks) == ("old", 0, ("too_long", "old_prompt"))


def test_an_aggregator_that_ignores_the_budget_is_held_to_it(monkeypatch):
    monkeypatch.setattr("utils.aggregation.methods.concat.merge", lambda uploads, merging: "word " * 500)
    result = merge("concat", ["a", "b"], token_budget=100)
    assert (result.prompt, result.fallbacks) == (concatenate(["a", "b"]), ("concat",))


def test_empty_uploads_keep_the_old_prompt():
    result = merge("summarization", ["", "  \n"])
    assert (result.prompt, result.fallbacks, result.distinct) == ("old", ("old_prompt",), 0)


def test_summarization_sends_distinct_uploads_in_order_and_returns_the_tagged_text():
    engine = Scribe("Thinking about it first.\n" + tagged("both"))
    result = merge("summarization", ["second", "first", "second"], engine)
    request, system_prompt = engine.requests[0]
    assert _FENCE.findall(request) == ["second", "first"]
    assert request.rindex("</PROMPT>\n") < request.index("The sets of instructions end here")
    assert "never an order" in system_prompt.replace("\n", " ")
    assert (result.prompt, result.calls, result.depth, result.fallbacks) == ("both", 1, 1, ())


def test_a_draft_before_the_final_merge_is_ignored():
    assert merge("summarization", ["a", "b"], Scribe(tagged("draft") + "Better:" + tagged("final"))).prompt == "final"


def test_token_lengths_before_and_after_are_counted():
    result = merge("concat", ["one two three", "one two three", "four five six"])
    assert result.tokens_before == 12
    assert result.tokens_after == estimate_tokens(result.prompt) >= 8


def test_sum_uid_adds_its_guidance_to_the_summarization_task():
    default, even = Scribe(), Scribe()
    merge("summarization", ["a", "b"], default)
    merge("sum_uid", ["a", "b"], even)
    only_even = set(even.requests[0][0].splitlines()) - set(default.requests[0][0].splitlines())
    assert set(default.requests[0][0].splitlines()) < set(even.requests[0][0].splitlines())
    assert any("evenly" in line for line in only_even) and any("line of its own" in line for line in only_even)


def test_concat_uid_rewrites_every_upload_and_concatenates_the_rewrites():
    engine = Scribe()
    engine.generate = lambda prompt, **_: tagged(_FENCE.findall(prompt)[0].upper())
    result = merge("concat_uid", ["one", "two", "one"], engine)
    assert result.prompt == f"ONE\n\n{FURTHER_INSTRUCTIONS}\nTWO"
    assert (result.calls, result.depth, result.fallbacks) == (2, 1, ())


def test_concat_uid_keeps_an_upload_as_it_is_when_its_rewrite_fails():
    engine = Scribe()
    engine.generate = lambda prompt, **_: "no tags" if "rule 2" in prompt else tagged("RULE 1")
    result = merge("concat_uid", ["rule 1", "rule 2"], engine)
    assert result.prompt.split("\n") == ["RULE 1", "", FURTHER_INSTRUCTIONS, "rule 2"]
    assert (result.calls, result.fallbacks) == (3, ("as_uploaded",))


def test_auto_concatenates_if_the_result_fits_and_asks_the_engine_otherwise():
    uploads, engine = ["a b c d", "e f g h"], Scribe()
    joined = concatenate(uploads)
    assert merge("auto", uploads, engine, token_budget=estimate_tokens(joined)).prompt == joined
    assert not engine.requests
    assert merge("auto", uploads, engine, token_budget=estimate_tokens(joined) - 1).prompt == "a b c d+e f g h"
    assert "evenly" in engine.requests[0][0]


def test_concat_over_the_budget_keeps_as_many_uploads_as_fit_and_reports_the_others():
    result = merge("concat", ["a " * 60, "b " * 60, "c " * 9], token_budget=100)
    assert result.prompt == concatenate(["a " * 60, "c " * 9]) and result.fallbacks == ("left_out",)


def test_ten_uploads_of_450_tokens_fit_the_default_budget_of_concat():
    uploads = [f"Begin.\n{number} " + f"r{number} " * 335 for number in range(10)]
    assert all(445 <= estimate_tokens(upload) <= 455 for upload in uploads)
    budget = Config(aggregate_method="concat").prompt_budget
    result = merge("concat", uploads, token_budget=budget)
    assert all(f"r{number} " in result.prompt for number in range(10)) and result.fallbacks == ()
    tight = merge("concat", uploads, token_budget=2000)
    assert sum(f"r{number} " in tight.prompt for number in range(10)) == 4
    assert tight.fallbacks == ("left_out",) * 6 and estimate_tokens(tight.prompt) <= 2000


# Failed merges


@pytest.mark.parametrize(
    "flawed",
    [
        "",
        "  ",
        "no tags at all",
        "<IMPROVED_VARIABLE>cut off",
        tagged(" "),
        Text(tagged("cut"), "truncated"),
        tagged('<PROMPT client="1">copied</PROMPT>'),
        tagged("word " * 500),
    ],
)
def test_an_unusable_merge_is_requested_again_and_then_becomes_a_concatenation(flawed):
    engine = Scribe(flawed, tagged("good"))
    result = merge("summarization", ["a", "b"], engine, token_budget=100)
    assert (result.prompt, result.calls, result.fallbacks) == ("good", 2, ())
    first, second = (request for request, _ in engine.requests)
    assert second.startswith(first) and "at most 100 tokens" in second[len(first) :]
    result = merge("summarization", ["a", "b"], Scribe(flawed, flawed), token_budget=100)
    assert (result.prompt, result.calls, result.fallbacks) == (concatenate(["a", "b"]), 2, ("concat",))


@pytest.mark.parametrize("method", ["summarization", "sum_uid", "concat_uid"])
def test_a_model_that_repeats_its_request_has_merged_nothing(method):
    engine = Scribe()
    engine.generate = lambda prompt, system_prompt=None, **_: f"{system_prompt}\n{prompt}\n{prompt}"
    result = merge(method, ["a", "b"], engine)
    assert result.prompt == concatenate(["a", "b"]) and result.calls == 2 * len(result.fallbacks)


def test_a_failed_merge_whose_concatenation_is_too_long_keeps_what_fits_of_it():
    engine = Scribe("no", "no")
    result = merge("sum_uid", ["a " * 60, "b " * 59], engine, token_budget=160)
    assert (result.prompt, result.calls, result.fallbacks) == (("b " * 59).strip(), 2, ("concat", "left_out"))


def test_an_engine_that_gives_up_leads_to_a_fallback():
    engine = Scribe()

    def give_up(*_, **__):
        raise BadReply("given up")

    engine.generate = give_up
    assert merge("summarization", ["a", "b"], engine).fallbacks == ("concat",)


def test_a_failed_merge_inside_the_tree_loses_at_most_its_own_uploads():
    engine = Scribe()
    uploads = [f"{letter} " * 15 for letter in "abcd"]
    engine.generate = lambda prompt, **_: (
        "no" if "b b" in prompt else tagged("+".join(text[:3] for text in _FENCE.findall(prompt)))
    )
    result = merge("summarization", uploads, engine, token_budget=40, fan_in=2)
    assert (result.prompt, result.fallbacks) == ("a a+c c", ("concat", "left_out"))


# The tree


def test_forty_uploads_with_fan_in_four_take_fourteen_merges_in_three_levels():
    uploads, engine = [f"rule {number}" for number in range(40)], Scribe()
    result = merge("summarization", uploads, engine, token_budget=100_000, fan_in=4)
    assert (result.calls, result.depth, result.distinct) == (10 + 3 + 1, 3, 40)
    assert result.prompt.split("+") == uploads


def test_a_node_below_the_root_is_limited_to_its_share_of_the_budget():
    engine = Scribe()
    merge("summarization", [f"{number} " * 30 for number in range(4)], engine, token_budget=100, fan_in=2)
    assert sum("at most 50 tokens" in request for request, _ in engine.requests) >= 2


def test_uploads_too_long_for_one_request_are_first_shortened_one_by_one():
    engine = Scribe()
    engine.generate = lambda prompt, **_: tagged(prompt.split("\n")[1][:9])
    result = merge("summarization", ["one " * 60, "two " * 60], engine, token_budget=100)
    assert (result.calls, result.depth, result.prompt, result.fallbacks) == (3, 2, "one one o", ())


def test_equal_intermediate_results_are_merged_once():
    engine = Scribe(tagged("same"), tagged("same"))
    result = merge("summarization", ["a", "b", "c", "d"], engine, fan_in=2)
    assert (result.prompt, result.calls, result.depth) == ("same", 2, 2)


def test_siblings_are_merged_concurrently():
    engine, together = Scribe(), threading.Barrier(3, timeout=10)
    answer = Scribe.generate

    def generate(prompt, **options):
        if not any("+" in text for text in _FENCE.findall(prompt)):  # the lowest level
            together.wait()
        return answer(engine, prompt, **options)

    engine.generate = generate
    assert merge("summarization", [f"r{number}" for number in range(9)], engine, fan_in=3).calls == 3 + 1


def test_a_merge_starts_when_its_own_children_are_done():
    engine, cousin_merged = Scribe(), threading.Event()
    answer = Scribe.generate

    def generate(prompt, **options):
        texts = _FENCE.findall(prompt)
        if texts == ["a", "b"]:
            assert cousin_merged.wait(10), "the right half of the tree waits for the left half"
        if texts == ["e+f", "g+h"]:
            cousin_merged.set()
        return answer(engine, prompt, **options)

    engine.generate = generate
    assert merge("summarization", list("abcdefgh"), engine, fan_in=2).prompt == "a+b+c+d+e+f+g+h"


def test_two_aggregations_of_the_same_uploads_send_the_same_requests():
    uploads, first, second = [f"rule {number}" for number in range(20)], Scribe(), Scribe()
    assert merge("sum_uid", uploads, first, fan_in=3) == merge("sum_uid", uploads, second, fan_in=3)
    assert sorted(first.requests) == sorted(second.requests)


# On the simulated engine


def lessons(prompt: str) -> set[str]:
    return set(re.findall(r"Lesson (topic-\d+)", prompt))


@pytest.mark.parametrize("method", ["concat", "concat_uid", "summarization", "sum_uid"])
def test_on_the_simulated_engine_the_lessons_of_all_clients_are_merged(method):
    uploads = [f"Answer well.\nLesson topic-{number}: take care." for number in range(12)]
    result = merge(method, uploads, SimulatedEngine("forget=0"), fan_in=4)
    assert lessons(result.prompt) == {f"topic-{number}" for number in range(12)}
    assert result.prompt.count("Answer well.") == 1 and not result.fallbacks


def test_on_a_forgetful_engine_summarization_loses_lessons_and_concatenation_keeps_them():
    uploads = [f"Answer well.\nLesson topic-{number}: take care." for number in range(40)]
    engine = SimulatedEngine("forget=0.3")
    assert len(lessons(merge("concat", uploads, engine, token_budget=5000).prompt)) == 40
    assert 5 < len(lessons(merge("summarization", uploads, engine, token_budget=5000).prompt)) < 35


def test_a_merge_that_fails_at_its_root_counts_only_the_replacements_below_it():
    merging, prompts = Merging(Scribe(*["no tags"] * 9), token_budget=10), ["word " * 9, "other " * 9]
    below = len(plan([estimate_tokens(prompt) for prompt in prompts], merging.fan_in, 10)) - 1
    with pytest.raises(BadReply, match="no merge could be used"):
        merging.tree(Job("system", "task"), prompts)
    assert merging.fallbacks == ["left_out"] * below


@pytest.mark.parametrize("method", ["summarization", "sum_uid", "concat_uid"])
@pytest.mark.parametrize("style, forms", [("short", [1, 1]), ("auto", [0, 1]), ("long", [0, 0])])
def test_the_style_determines_both_requests_of_a_merge(method, style, forms):
    scribe, prompts = Scribe("no tags", tagged("Add. Carry.")), ["Add.", "Carry."]
    merging = Merging(scribe, 1000, style=Style(style))
    job = {"summarization": SUMMARIZE, "sum_uid": SUMMARIZE_EVENLY, "concat_uid": REWRITE_EVENLY}[method]
    assert merging.ask(job, prompts) == "Add. Carry." and job.short is not None
    assert [system_prompt == job.short.system_prompt for _, system_prompt in scribe.requests] == forms
    assert [job.short.task in request for request, _ in scribe.requests] == forms
    assert all(_FENCE.findall(request) == prompts for request, _ in scribe.requests)
    assert estimate_tokens(job.short.system_prompt) + estimate_tokens(job.short.task) < 120


@pytest.mark.parametrize("uploads, alone", [(8, True), (9, False)])
def test_one_request_merges_at_most_eight_prompts_by_default(uploads, alone):
    scribe = Scribe()
    merge("summarization", [f"Rule {number}." for number in range(uploads)], scribe)
    assert (len(scribe.requests) == 1) is alone


@pytest.mark.parametrize("budget, fan_in", [(0, 8), (-1, 8), (10, 1), (10, 0)])
def test_a_merge_needs_room_for_one_token_and_two_prompts(budget, fan_in):
    Merging(None, 1, 2)
    with pytest.raises(UsageError, match=f"not {budget} and {fan_in}"):
        Merging(None, budget, fan_in)
