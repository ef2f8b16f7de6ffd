"""The READMEs: links lead to files, and the first page stays short."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README_FILES = [
    path.relative_to(ROOT)
    for path in sorted(ROOT.rglob("README.md"))
    if not any(part.startswith(".") for part in path.relative_to(ROOT).parts)
]


@pytest.mark.parametrize("path", README_FILES, ids=str)
def test_every_link_leads_to_a_file(path):
    text = (ROOT / path).read_text(encoding="utf-8")
    links = [link.partition("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in link]
    missing = [link for link in links if link and not (ROOT / path.parent / link).exists()]
    assert missing == []


@pytest.mark.parametrize("path", README_FILES, ids=str)
def test_every_command_uses_the_same_python(path):
    text = (ROOT / path).read_text(encoding="utf-8")
    assert not re.findall(r"(?<![\w./])python3? (?:-m utils|main\.py)", text)


def test_the_first_page_is_short():
    text = (ROOT / "README.md").read_bytes()
    assert text.count(b"\n") <= 200 and len(text) <= 16_000
