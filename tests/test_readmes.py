"""READMEs: their links and scripts exist, and the first page stays short."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = ("logs", "scripts", "tests", "textgrad", "utils")
README_FILES = [Path("README.md")] + [
    path.relative_to(ROOT) for folder in FOLDERS for path in sorted((ROOT / folder).rglob("README.md"))
]


def headings(path: Path) -> set[str]:
    """Return the anchors of a Markdown file's headings, as GitHub forms them."""
    titles = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("path", README_FILES, ids=str)
def test_every_link_leads_to_a_file_and_a_heading(path):
    text = (ROOT / path).read_text(encoding="utf-8")
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" in link:
            continue
        name, _, anchor = link.partition("#")
        target = ROOT / path.parent / name if name else ROOT / path
        assert target.exists(), link
        assert not anchor or anchor in headings(target / "README.md" if target.is_dir() else target), link


@pytest.mark.parametrize("path", README_FILES, ids=str)
def test_every_script_in_a_command_exists(path):
    text = (ROOT / path).read_text(encoding="utf-8")
    missing = [
        name for name in re.findall(r"\b(?:ba)?sh ([\w./-]+\.sh|\.ci/run)\b", text) if not (ROOT / name).exists()
    ]
    assert missing == []


@pytest.mark.parametrize("path", README_FILES, ids=str)
def test_every_command_uses_the_same_python(path):
    text = (ROOT / path).read_text(encoding="utf-8")
    assert not re.findall(r"(?<![\w./])python3? (?:-m utils|main\.py)", text)


def test_the_first_page_is_short():
    text = (ROOT / "README.md").read_bytes()
    assert text.count(b"\n") <= 200 and len(text) <= 16_000
