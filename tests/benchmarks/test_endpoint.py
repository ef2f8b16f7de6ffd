"""Tools of the benchmarks: capacity and rate limit of the endpoint, longest chain of a run."""

import json
import threading
import time
import urllib.error
import urllib.request

from benchmarks.endpoint import Endpoint
from benchmarks.measured import Setup, merge_calls, merge_depth

BODY = json.dumps({"model": "m", "messages": [{"role": "user", "content": "1 + 1?"}]}).encode()


def send(endpoint: Endpoint, count: int) -> list[int]:
    """Send concurrent requests and return their statuses."""
    statuses = []

    def send_one():
        try:
            with urllib.request.urlopen(f"{endpoint.url}/chat/completions", BODY) as response:
                assert json.load(response)["choices"][0]["message"]["content"].startswith("Step by step")
                statuses.append(response.status)
        except urllib.error.HTTPError as error:
            statuses.append(error.code)

    threads = [threading.Thread(target=send_one) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return statuses


def test_an_endpoint_works_on_as_many_requests_at_once_as_it_has_slots():
    with Endpoint(latency=0.2, capacity=2) as endpoint:
        started = time.monotonic()
        assert send(endpoint, 6) == [200] * 6
        assert time.monotonic() - started >= 0.6
        usage = endpoint.usage()
    assert usage.answered == 6 and 1.2 <= usage.busy < 2 * (usage.last - usage.first) + 0.1
    assert usage.last - usage.first >= 0.6
    assert 0.9 < usage.busy_share(6, 2, 0.2) <= 1 and usage.busy_share(6, 4, 0.2) < 0.6


def test_an_endpoint_refuses_requests_above_its_rate():
    with Endpoint(per_minute=300) as endpoint:
        statuses = send(endpoint, 20)
        usage = endpoint.usage()
    assert statuses.count(429) == usage.refused == len(usage.refusals) >= 5
    assert usage.answered == statuses.count(200) >= 5


def test_a_run_needs_at_least_its_longest_chain_and_at_most_the_calls_of_the_paper(tmp_path):
    setup = Setup(clients=2, rounds=2, steps=2, held_out=4)
    assert setup.longest_chain == 2 * (5 * 2 + 1) + 2
    with Endpoint(latency=0.2) as endpoint:
        used = setup.run(tmp_path, endpoint.url)
        calls = endpoint.usage().answered
    assert used.seconds >= 0.2 * setup.longest_chain
    assert calls - merge_calls(tmp_path, "run") <= setup.paper_calls


def test_the_depth_of_the_merge_tree_is_logarithmic():
    assert [merge_depth(count) for count in (1, 2, 8, 9, 64, 65, 1000)] == [0, 1, 1, 2, 2, 3, 4]
