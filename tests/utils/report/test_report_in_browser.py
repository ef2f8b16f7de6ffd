"""The pages in headless Chromium: no console messages, no horizontal scrolling, charts drawn."""

import json
import re
import shutil
import subprocess
from html import unescape

import pytest
import toy

import main
from utils.report.__main__ import main as report

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("chromium") is None, reason="chromium is not installed"),
]
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--allow-file-access-from-files",
    "--enable-logging=stderr",
    "--dump-dom",
    "--window-size=1500,1000",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Three runs, one of them local-only with a very long name, their comparison, and the table of all runs."""
    parent = tmp_path_factory.mktemp("shown")
    for name, options in (
        ("federated", ()),
        ("local_only_" + "x" * 60, ("--aggregate_method", "none")),
        ("fewer", ("--test_size", "6")),
    ):
        assert main.run(toy.config(parent, "--run_name", name, *options)) == 0
    logs = parent / "logs"
    runs = sorted(str(path.parent) for path in logs.glob("*/results.json") if not path.parent.is_symlink())
    assert report([*runs, "-o", str(logs / "together")]) == 0 and report([str(logs)]) == 0
    return logs


def evaluate(tmp_path, body, script, *flags):
    """Return the value of the JavaScript expression `script` in a loaded page; fail on console messages."""
    page = tmp_path / "frame.html"
    page.write_text(f"<body>{body}<script>onload = () => document.title = JSON.stringify({script})</script>")
    shown = subprocess.run(
        ["chromium", *FLAGS, *flags, f"--user-data-dir={tmp_path}/profile", f"file://{page}"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "CONSOLE" not in shown.stderr, shown.stderr
    return json.loads(unescape(re.search(r"<title>(.*?)</title>", shown.stdout, re.DOTALL)[1]))


def frames(folder, width):
    pages = [folder / "federated" / "report.html", folder / "together" / "report.html", folder / "index.html"]
    return "".join(
        f'<iframe style="border:0;width:{width}px;height:900px" src="file://{page}"></iframe>' for page in pages
    )


@pytest.mark.parametrize("scheme, dark", [(0, True), (1, False)], ids=["dark", "light"])
@pytest.mark.parametrize("width", [400, 1400])
def test_pages_fit_and_are_drawn(folder, tmp_path, width, scheme, dark):
    script = """[...document.querySelectorAll("iframe")].map(frame => { const d = frame.contentDocument,
        text = getComputedStyle(d.body).color.match(/\\d+/g).map(Number);
        return {wide: d.documentElement.scrollWidth, figures: d.querySelectorAll("svg").length,
                loaded: [...d.images].every(i => i.naturalWidth), bright: text[0] > 128,
                empty: [...d.querySelectorAll("section")].filter(s => s.querySelector("h2") && s.children.length < 2)
                    .length,
                outside: [...d.querySelectorAll("svg text")].filter(t => { const b = t.getBoundingClientRect(),
                    s = t.ownerSVGElement.getBoundingClientRect();
                    return b.left < s.left - 1 || b.right > s.right + 1 || b.top < s.top - 1 || b.bottom > s.bottom + 1;
                }).map(t => t.textContent),
                tooltips: d.querySelectorAll("svg use title").length}; })"""
    found = evaluate(tmp_path, frames(folder, width), script, f"--blink-settings=preferredColorScheme={scheme}")
    assert [page["wide"] <= width for page in found] == [True] * 3, found
    assert [page["figures"] for page in found][0] >= 6 and all(page["loaded"] for page in found)
    assert [page["tooltips"] > 10 for page in found] == [True, True, False]
    assert [page["bright"] for page in found] == [dark] * 3, "the text does not follow the color scheme"
    assert not any(page["empty"] or page["outside"] for page in found), found
