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


@pytest.mark.parametrize("question, bound", [("", 16), ("12", 17), ("123", 17), ("数数", 19)])
def test_a_call_is_admitted_if_its_upper_bound_of_tokens_just_fits_the_cap(tmp_path, question, bound):
    for cap, admitted in ((bound + 20, True), (bound + 19, False)):
        engine, budget = Talker(), Budget(max_tokens=cap)
        gateway = Gateway(CallLog(tmp_path / f"{cap}"), budget=budget)
        route = gateway.route(engine, "test", Sampling(max_tokens=20))
        if admitted:
            route.generate(question, system_prompt="")
        else:
            with pytest.raises(BudgetSpent, match=f"the cap of {cap} tokens is reached"):
                route.generate(question, system_prompt="")
        assert engine.calls == admitted
        assert (budget.reached, budget.required) == ((None, 0.0) if admitted else ("tokens", bound + 20))


def test_the_upper_bound_adds_up_all_messages_of_a_call(tmp_path):
    budget = Budget(max_tokens=1)
    route = Gateway(CallLog(tmp_path / "c"), budget=budget).route(Talker(), "test", Sampling(max_tokens=20))
    with pytest.raises(BudgetSpent):
        route.generate("1234", system_prompt="12")
    assert budget.required == (16 + 2) + (16 + 1) + 20


@pytest.mark.parametrize("caps", [{"max_tokens": 1}, {"max_tokens": 0}, {"max_calls": 0}, {"max_cost": 0.0}])
def test_the_smallest_caps_refuse_the_first_call(caps):
    budget = Budget(**caps, prices={"test": Price(1, 1)})
    with pytest.raises(BudgetSpent), budget.reserved("test", 1, 1):
        pytest.fail("the call was admitted")


def test_a_cap_of_exactly_what_a_call_needs_admits_it_and_then_no_other():
    budget = Budget(max_calls=1, max_tokens=30, max_cost=80 / 1e6, prices={"test": Price(2, 3)})
    with budget.reserved("test", 10, 20):
        budget.charge("test", Reply("x", "stop", 10, 20))
    assert budget.used == {"calls": 1, "tokens": 30, "dollars": pytest.approx(80 / 1e6)}
    with pytest.raises(BudgetSpent), budget.reserved("test", 0, 0):
        pytest.fail("the call was admitted")


def test_a_finished_call_frees_what_it_reserved_beyond_its_usage():
    budget = Budget(max_tokens=100)
    for _ in range(5):
        with budget.reserved("test", 50, 30):
            budget.charge("test", Reply("x", "stop", 2, 2))
    assert budget.used["tokens"] == 20
    with pytest.raises(RuntimeError), budget.reserved("test", 50, 30):
        raise RuntimeError  # a failed call frees its reservation too
    with budget.reserved("test", 50, 30):
        pass
