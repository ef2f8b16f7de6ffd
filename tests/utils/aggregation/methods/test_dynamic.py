"""The aggregator `dynamic`: a concatenation up to a limit, a summarization above it."""

import pytest

from textgrad.tokens import estimate_tokens
from utils.aggregation.aggregate import aggregate
from utils.aggregation.concatenation import concatenate, join
from utils.aggregation.merging import Merging
from utils.aggregation.prompts import SUMMARIZE
from utils.aggregation.upload import Upload

UPLOADS = ["Count the apples.", "Count the pears."]


class Writer:
    """Replies with one merge, and records requests."""

    def __init__(self):
        self.requests = []

    def __call__(self, content, **_):
        self.requests.append(content)
        return "<IMPROVED_VARIABLE>merged</IMPROVED_VARIABLE>" if "IMPROVED_VARIABLE" in content else "merged"


@pytest.mark.parametrize("plain, concatenated", [(False, concatenate(UPLOADS)), (True, join(UPLOADS))])
def test_dynamic_summarizes_once_the_concatenation_exceeds_its_limit(plain, concatenated):
    uploads, size = [Upload(*each) for each in enumerate(UPLOADS)], estimate_tokens(concatenated)
    for limit, merged, calls in ((size, concatenated, 0), (size - 1, "merged", 1)):
        writer = Writer()
        merge = aggregate("dynamic", uploads, Merging(writer, 500, plain=plain, dynamic_limit=limit))
        assert (merge.prompt, merge.calls, merge.fallbacks) == (merged, calls, ())
        assert all((SUMMARIZE.plain if plain else SUMMARIZE.task) in request for request in writer.requests)


def test_a_concatenation_above_the_token_budget_is_summarized_whatever_the_limit():
    uploads = [Upload(number, f"{number} " * 30) for number in range(2)]
    merge = aggregate("dynamic", uploads, Merging(Writer(), 50, plain=True, dynamic_limit=800))
    assert (merge.prompt, merge.fallbacks) == ("merged", ())
