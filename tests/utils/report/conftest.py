"""Headless Chromium for the tests of pages."""

import shutil

import pytest


@pytest.fixture(scope="session")
def chromium():
    playwright = pytest.importorskip("playwright.sync_api")
    if shutil.which("chromium") is None:
        pytest.skip("chromium is not installed")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium):
    """Return a function that opens a page; no page may print to the console or raise an error."""
    problems, pages = [], []

    def opened(address, width=1280, script="", **options):
        page = chromium.new_page(viewport={"width": width, "height": 900}, **options)
        page.set_default_timeout(120_000)  # milliseconds: other programs may run too
        pages.append(page)
        page.on("console", lambda message: problems.append(message.text))
        page.on("pageerror", lambda error: problems.append(str(error)))
        if script:
            page.add_init_script(script)
        page.goto(address)
        return page

    yield opened
    for page in pages:
        page.close()
    assert problems == []
