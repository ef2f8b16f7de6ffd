"""Render pages from the templates in templates/. All values are escaped there."""

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any

from utils.report.formats import estimate_text

if TYPE_CHECKING:
    from jinja2 import Environment


def render(template: str, **values: Any) -> str:
    """Return a page as one HTML file that needs no network.

    Args:
        template: name of a file in templates/.
        values: variables of the template.
    """
    return _environment().get_template(template).render(values)


@functools.cache
def _environment() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # not needed before a report is written

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["estimate"] = estimate_text
    return environment
