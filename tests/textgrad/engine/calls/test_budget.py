"""Hard caps over all roles and clients."""

import threading
import time

import pytest

from textgrad.engine.base import ChatEngine, Reply, Sampling
from textgrad.engine.calls.budget import Budget, Price
from textgrad.engine.calls.call_log import CallLog
from textgrad.engine.calls.gateway import Gateway
from textgrad.errors import BudgetSpent


class Talker(ChatEngine):
    model_string, endpoint, calls = "talker", "here", 0

    def complete(self, messages, sampling):
        self.calls += 1
        time.sleep(0.01)
        return Reply("word " * 5, "stop", 10, 5)


def ask_many(gateway, engine, count, role="test"):
    """Ask one question per thread, and return how many were refused by the cap."""
    refused = []

    def ask(number):
        try:
            gateway.route(engine, role, Sampling(max_tokens=20))(f"q{number}")
        except BudgetSpent as spent:
            refused.append(str(spent))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    return refused


def test_a_cap_on_calls_is_never_exceeded_by_concurrent_callers(tmp_path):
    engine = Talker()
    refused = ask_many(Gateway(CallLog(tmp_path / "c"), budget=Budget(max_calls=7)), engine, 30)
    assert engine.calls == 7 and len(refused) == 23 and "cap of 7 calls is reached" in refused[0]


def test_a_cap_on_tokens_is_never_exceeded(tmp_path):
    engine = Talker()
    gateway = Gateway(CallLog(tmp_path / "c"), budget=Budget(max_tokens=200))
    assert ask_many(gateway, engine, 30)
    used = gateway.usage["test"].prompt_tokens + gateway.usage["test"].completion_tokens
    assert 200 - 15 - 100 <= used <= 200 and used == gateway.budget.used["tokens"]


def test_dollars_follow_the_price_of_each_role(tmp_path):
    engine = Talker()
    gateway = Gateway(
        CallLog(tmp_path / "c"), budget=Budget(prices={"test": Price(100, 200), "evaluation": Price(0, 1000)})
    )
    ask_many(gateway, engine, 2, "test")
    ask_many(gateway, Talker(), 1, "other")
    assert gateway.budget.used["dollars"] == pytest.approx(2 * (100 * 10 + 200 * 5) / 1e6)


def test_calls_answered_by_the_call_log_count_but_are_not_refused(tmp_path):
    first = Gateway(CallLog(tmp_path / "c"))
    ask_many(first, Talker(), 5)
    first.close()
    engine = Talker()
    again = Gateway(CallLog(tmp_path / "c"), budget=Budget(max_calls=5))
    assert not ask_many(again, engine, 5) and engine.calls == 0 and again.budget.used["calls"] == 5
    assert len(ask_many(again, engine, 6)) == 1


def test_a_call_shared_by_two_roles_is_charged_once(tmp_path):
    gateway = Gateway(CallLog(tmp_path / "c"))
    for role in ("test", "evaluation"):
        gateway.route(Talker(), role)("q")
    assert gateway.budget.used["calls"] == 1
