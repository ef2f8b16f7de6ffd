"""The call browser in headless Chromium: an offline page of a small run, and 50,000 calls from the server."""

import re
import threading

import pytest
import toy
from large_run import write_large_run

import main
from utils.report.browser.server import open_server

pytestmark = pytest.mark.slow
expect = pytest.importorskip("playwright.sync_api").expect
expect.set_options(timeout=60_000)  # milliseconds: other programs may run too
SMALL, LARGE = "run", "large"


@pytest.fixture(scope="module")
def logs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shown")
    assert main.main(toy.options(folder)) == 0
    assert write_large_run(folder / "logs" / LARGE) == 50_000
    return folder / "logs"


@pytest.fixture(scope="module")
def url(logs):
    server = open_server(logs, 0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(params=["offline", "served"])
def address(request, logs, url):
    return f"file://{logs / SMALL / 'calls.html'}" if request.param == "offline" else f"{url}/{SMALL}/calls.html"


def ready(page):
    page.wait_for_selector("body[data-ready]")
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [400, 1280])
@pytest.mark.parametrize("document", ["step/1/0/1", "merge/1", "evaluation/1", "calls"])
def test_every_view_fits_and_follows_the_color_scheme(open_page, logs, document, width, scheme):
    page = ready(open_page(f"file://{logs / SMALL / 'calls.html'}#{document}", width, color_scheme=scheme))
    page.wait_for_selector("#document section")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    bright = page.evaluate("getComputedStyle(document.body).color.match(/\\d+/g).map(Number)[0] > 128")
    assert bright is (scheme == "dark")


def test_a_step_leads_to_its_calls_and_back(open_page, address):
    page = ready(open_page(f"{address}#step/1/0/1"))
    page.wait_for_selector(".question")
    assert page.locator(".question").count() == 3
    assert page.locator("ins").count() > 0 and page.locator(".verdict b").inner_text() in ("accepted", "rejected")
    question = page.locator(".question h3").first.evaluate("each => each.lastChild.textContent")
    page.locator(".question a").first.click()
    page.wait_for_selector("text=Places")
    assert question.split("?")[0] in page.locator("#document").inner_text()
    page.go_back()
    page.wait_for_selector("text=Minibatch")


def test_filters_and_search_choose_calls(open_page, address):
    page = ready(open_page(f"{address}#calls"))
    heading = page.locator("#document h2")
    page.wait_for_selector("tbody tr")
    everything = heading.inner_text()
    page.get_by_label("role", exact=True).select_option("critic")
    expect(heading).not_to_have_text(everything)
    critics = heading.inner_text()
    assert {row.split("\t")[5] for row in page.locator("tbody tr").all_inner_texts()} == {"critic"}
    page.get_by_label("role", exact=True).select_option("")
    page.get_by_label("wrong").check()
    expect(heading).not_to_have_text(re.compile(f"{everything}|{critics}"))
    assert {float(row.split("\t")[8]) for row in page.locator("tbody tr").all_inner_texts()} == {0.0}
    page.get_by_label("wrong").uncheck()
    page.get_by_label("search requests and replies").fill("no such words anywhere")
    expect(heading).to_have_text(re.compile("^0 of "))


def test_keys_move_through_the_tree_and_to_the_search(open_page, address):
    page = ready(open_page(f"{address}#step/1/0/1"))
    page.wait_for_selector(".question")
    page.keyboard.press("j")
    page.wait_for_url("**#step/1/0/2")
    page.keyboard.press("k")
    page.wait_for_url("**#step/1/0/1")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "search"
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.id") != "search"


def test_a_text_is_copied(open_page, url):
    page = ready(open_page(f"{url}/{SMALL}/calls.html#step/1/0/1", permissions=["clipboard-read", "clipboard-write"]))
    page.locator("summary", has_text="prompt").first.click()
    page.locator(".copy").first.click()
    page.wait_for_selector("text=copied")
    assert page.evaluate("navigator.clipboard.readText()").startswith("Answer the question")


def test_texts_from_models_are_never_markup(open_page, tmp_path, url, logs):
    folder = logs / "markup"
    write_large_run(folder, rounds=1, clients=1, steps=1, batch=1)
    text = (folder / "metrics.jsonl").read_text()
    (folder / "metrics.jsonl").write_text(text.replace('"rose"', '"<img src=x onerror=alert(1)>"'))
    page = ready(open_page(f"{url}/markup/calls.html#step/1/0/1"))
    page.wait_for_selector(".question")
    assert page.locator("img").count() == 0 and "<img" in page.locator(".verdict").inner_text()


def test_of_fifty_thousand_calls_only_a_portion_is_drawn_at_once(open_page, url):
    page = ready(open_page(f"{url}/{LARGE}/calls.html#step/3/2/1"))
    page.wait_for_selector(".question")
    page.get_by_label("round", exact=True).select_option("7")
    page.wait_for_selector("text=2,500 of 50,000")
    assert page.locator("tbody tr").count() == 200
    page.get_by_text("show 200 more").click()
    assert page.locator("tbody tr").count() == 400
