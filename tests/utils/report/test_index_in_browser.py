"""The page of 300 runs in headless Chromium, used by mouse and keyboard."""

import generated_runs
import pytest

from utils.report.index_page import index_page
from utils.report.run_list import list_runs

pytestmark = pytest.mark.slow
COUNT = 300


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    logs = tmp_path_factory.mktemp("many") / "logs"
    generated_runs.write_runs(logs, COUNT)
    (logs / "index.html").write_text(index_page(logs, *list_runs(logs)))
    return f"file://{logs}/index.html"


@pytest.fixture
def open_index(open_page, address):
    """Return a function that opens the page."""

    def opened(width=1280, served=False, **options):
        return open_page(address, width, "globalThis.SERVED = true" if served else "", **options)

    return opened


def column(page, heading):
    """Return the texts of a column's cells in shown rows, without notes."""
    return page.eval_on_selector_all(
        f"tr:not([hidden]) td[data-label='{heading}']", "cells => cells.map(cell => cell.firstChild.textContent)"
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [400, 1280])
def test_the_page_fits_and_follows_the_color_scheme(open_index, width, scheme):
    page = open_index(width, color_scheme=scheme)
    page.locator("#all").check()
    for element in ("html", ".wide", "#choice"):
        assert page.eval_on_selector(element, "each => each.scrollWidth <= each.clientWidth"), element
    texts, backgrounds = (
        page.evaluate(f"getComputedStyle(document.querySelector('{name}')).{key}.match(/\\d+/g).map(Number)[0]")
        for name, key in (("td", "color"), ("section", "backgroundColor"))
    )
    assert (texts > 128) is (backgrounds < 128) is (scheme == "dark")


def test_a_narrow_screen_shows_each_run_as_a_card_with_its_labels(open_index):
    page = open_index(400)
    cells = page.locator("tbody tr").first.locator("td").all()
    boxes = [cell.bounding_box() for cell in cells]
    assert len({box["y"] for box in boxes}) > 5 and all(0 <= box["x"] < 400 for box in boxes)
    label = page.evaluate("getComputedStyle(document.querySelector('td[data-label=seed]'), '::before').content")
    assert "seed" in label
    page.get_by_role("button", name="best, test").click()
    assert column(page, "best, test")[0] < column(page, "best, test")[100]


def test_the_newest_run_is_first_and_a_header_sorts_by_mouse_and_by_keyboard(open_index):
    page = open_index()
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


def test_numbers_are_sorted_as_numbers(open_index):
    page = open_index()
    page.get_by_role("button", name="B", exact=True).press("Space")
    sizes = [int(size) for size in column(page, "B")]
    assert sizes == sorted(sizes) and set(sizes) == {3, 10}
    page.get_by_role("button", name="gain").click()
    gains = [float(gain) for gain in column(page, "gain") if gain != "–"]
    assert gains == sorted(gains) and gains[0] < 0 < gains[-1]


def test_the_filter_keeps_runs_that_have_every_word(open_index):
    page = open_index()
    page.keyboard.press("Tab")
    page.keyboard.type("COMPLETE  concat homo")
    shown = list(zip(column(page, "status"), column(page, "aggregator"), column(page, "module"), strict=True))
    assert 0 < len(shown) < 100 and set(shown) == {("complete", "concat", "homo_fed")}
    assert page.locator("#count").inner_text() == f"{len(shown)} of {COUNT} runs"
    page.locator("#filter").fill("no such run")
    assert column(page, "status") == [] and page.locator("#count").inner_text() == f"0 of {COUNT} runs"
    page.locator("#filter").fill("")
    assert page.locator("#count").inner_text() == f"{COUNT} runs"


def test_chosen_runs_give_the_command_that_compares_them(open_index, address):
    page = open_index()
    boxes = page.locator("tbody input:enabled")
    assert not page.locator("#choice").is_visible()
    boxes.nth(0).press("Space")
    assert "choose another one" in page.locator("#choice").inner_text() and not page.locator("#command").is_visible()
    boxes.nth(2).check()
    logs = address.removeprefix("file://").removesuffix("/index.html")
    names = [f"{logs}/{boxes.nth(number).get_attribute('value')}" for number in (0, 2)]
    assert page.locator("#command code").inner_text() == f".venv/bin/python -m utils.report {' '.join(names)}"
    assert not page.locator("#compare").is_visible() and page.locator("#choice").bounding_box()["y"] < 900


def test_the_copy_button_copies_the_command_or_selects_it(open_index):
    page = open_index()
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


def test_a_served_page_links_to_the_comparison(open_index):
    page = open_index(served=True)
    boxes = page.locator("tbody input:enabled")
    for number in (1, 3):
        boxes.nth(number).check()
    names = [boxes.nth(number).get_attribute("value").replace("+", "%2B") for number in (1, 3)]
    link = page.get_by_role("link", name="Compare them")
    assert link.get_attribute("href") == f"compare?run={names[0]}&run={names[1]}"
    assert not page.locator("#command").is_visible()


def test_the_box_in_the_header_chooses_the_shown_finished_runs(open_index):
    page = open_index()
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
