"""The page of 300 runs in headless Chromium, used by mouse and keyboard."""

import shutil

import generated_runs
import pytest

from utils.report.index_page import index_page
from utils.report.run_list import list_runs

playwright = pytest.importorskip("playwright.sync_api")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("chromium") is None, reason="chromium is not installed"),
]
COUNT = 300


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    logs = tmp_path_factory.mktemp("many") / "logs"
    generated_runs.write_runs(logs, COUNT)
    (logs / "index.html").write_text(index_page(logs, *list_runs(logs)))
    return f"file://{logs}/index.html"


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser, address):
    """Return a function that opens the page; no page may print to the console or raise an error."""
    problems, pages = [], []

    def opened(width=1280, served=False, **options):
        page = browser.new_page(viewport={"width": width, "height": 900}, **options)
        page.set_default_timeout(120_000)  # milliseconds: other programs may run too
        pages.append(page)
        page.on("console", lambda message: problems.append(message.text))
        page.on("pageerror", lambda error: problems.append(str(error)))
        if served:
            page.add_init_script("globalThis.SERVED = true")
        page.goto(address)
        return page

    yield opened
    for page in pages:
        page.close()
    assert problems == []


def column(page, heading):
    """Return the texts of a column's cells in shown rows, without notes."""
    return page.eval_on_selector_all(
        f"tr:not([hidden]) td[data-label='{heading}']", "cells => cells.map(cell => cell.firstChild.textContent)"
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [400, 1280])
def test_the_page_fits_and_follows_the_color_scheme(open_page, width, scheme):
    page = open_page(width, color_scheme=scheme)
    page.locator("#all").check()
    for element in ("html", ".wide", "#choice"):
        assert page.eval_on_selector(element, "each => each.scrollWidth <= each.clientWidth"), element
    texts, backgrounds = (
        page.evaluate(f"getComputedStyle(document.querySelector('{name}')).{key}.match(/\\d+/g).map(Number)[0]")
        for name, key in (("td", "color"), ("section", "backgroundColor"))
    )
    assert (texts > 128) is (backgrounds < 128) is (scheme == "dark")


def test_a_narrow_screen_shows_each_run_as_a_card_with_its_labels(open_page):
    page = open_page(400)
    cells = page.locator("tbody tr").first.locator("td").all()
    boxes = [cell.bounding_box() for cell in cells]
    assert len({box["y"] for box in boxes}) > 5 and all(0 <= box["x"] < 400 for box in boxes)
    label = page.evaluate("getComputedStyle(document.querySelector('td[data-label=seed]'), '::before').content")
    assert "seed" in label
    page.get_by_role("button", name="best, test").click()
    assert column(page, "best, test")[0] < column(page, "best, test")[100]


def test_the_first_paint_takes_less_than_a_second(open_page):
    def first_paint():
        page = open_page()
        page.wait_for_function("performance.getEntriesByName('first-contentful-paint').length")
        return page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")

    assert min(first_paint() for _ in range(3)) < 1000, "milliseconds, the best of three: other programs run too"


def test_the_newest_run_is_first_and_a_header_sorts_by_mouse_and_by_keyboard(open_page):
    page = open_page()
    dates = column(page, "date")
    assert len(dates) == COUNT and dates == sorted(dates, reverse=True)
    header = page.get_by_role("button", name="best, test")
    header.click()
    rising = [value for value in column(page, "best, test") if value != "–"]
    assert rising == sorted(rising) and len(set(rising)) > 50
    header.press("Enter")
    values = column(page, "best, test")
    assert [value for value in values if value != "–"] == rising[::-1]
    assert values[-1] == "–" != values[0], "empty cells are last in both orders"
    assert page.locator("th[aria-sort]").all_inner_texts()[0].startswith("best, test")
    assert page.locator("th[aria-sort=descending]").count() == 1


def test_numbers_are_sorted_as_numbers(open_page):
    page = open_page()
    page.get_by_role("button", name="B", exact=True).press("Space")
    sizes = [int(size) for size in column(page, "B")]
    assert sizes == sorted(sizes) and set(sizes) == {3, 10}
    page.get_by_role("button", name="gain").click()
    gains = [float(gain) for gain in column(page, "gain") if gain != "–"]
    assert gains == sorted(gains) and gains[0] < 0 < gains[-1]


def test_the_filter_keeps_runs_that_have_every_word(open_page):
    page = open_page()
    page.keyboard.press("Tab")
    page.keyboard.type("COMPLETE  concat homo")
    shown = list(zip(column(page, "status"), column(page, "aggregator"), column(page, "module"), strict=True))
    assert 0 < len(shown) < 100 and set(shown) == {("complete", "concat", "homo_fed")}
    assert page.locator("#count").inner_text() == f"{len(shown)} of {COUNT} runs"
    page.locator("#filter").fill("no such run")
    assert column(page, "status") == [] and page.locator("#count").inner_text() == f"0 of {COUNT} runs"
    page.locator("#filter").fill("")
    assert page.locator("#count").inner_text() == f"{COUNT} runs"


def test_chosen_runs_give_the_command_that_compares_them(open_page, address):
    page = open_page()
    boxes = page.locator("tbody input:enabled")
    assert not page.locator("#choice").is_visible()
    boxes.nth(0).press("Space")
    assert "choose another one" in page.locator("#choice").inner_text() and not page.locator("#command").is_visible()
    boxes.nth(2).check()
    logs = address.removeprefix("file://").removesuffix("/index.html")
    names = [f"{logs}/{boxes.nth(number).get_attribute('value')}" for number in (0, 2)]
    assert page.locator("#command code").inner_text() == f".venv/bin/python -m utils.report {' '.join(names)}"
    assert not page.locator("#compare").is_visible() and page.locator("#choice").bounding_box()["y"] < 900


def test_the_copy_button_copies_the_command_or_selects_it(open_page):
    page = open_page()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    for number in (0, 1):
        page.locator("tbody input:enabled").nth(number).check()
    command = page.locator("#command code").inner_text()
    page.locator("#copy").click()
    page.get_by_role("button", name="Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == command
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(); }")
    page.locator("#copy").click()
    page.get_by_role("button", name="Press ctrl-C").wait_for()
    assert page.evaluate("getSelection().toString()") == command


def test_a_served_page_links_to_the_comparison(open_page):
    page = open_page(served=True)
    boxes = page.locator("tbody input:enabled")
    for number in (1, 3):
        boxes.nth(number).check()
    names = [boxes.nth(number).get_attribute("value").replace("+", "%2B") for number in (1, 3)]
    link = page.get_by_role("link", name="Compare them")
    assert link.get_attribute("href") == f"compare?run={names[0]}&run={names[1]}"
    assert not page.locator("#command").is_visible()


def test_the_box_in_the_header_chooses_the_shown_finished_runs(open_page):
    page = open_page()
    page.locator("#filter").fill("sum_uid")
    shown = page.locator("tbody tr:visible input:enabled").count()
    page.locator("#all").check()
    assert page.locator("tbody input:checked").count() == shown < COUNT
    assert page.locator("#chosen").inner_text() == f"{shown} runs chosen."
    page.locator("#filter").fill("")
    assert not page.locator("#all").is_checked() and page.locator("tbody input:checked").count() == shown
    assert (
        page.locator("tbody input:disabled").count()
        == 43
        == sum(each == "interrupted" for each in column(page, "status"))
    )
