"""corrected: the defaults of all options."""

from typing import Any

VALUES: dict[str, Any] = {}
