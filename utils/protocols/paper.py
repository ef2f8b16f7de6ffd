"""paper: the method as published (Chen et al., ICLR 2025, sections 3.1 and 3.2, appendix C)."""

from typing import Any

VALUES: dict[str, Any] = {
    "batches": "replacement",
    "answer_format": "trained",
    "optimizer": "tgd",
    "gradient_memory": 0,
    "style": "long",
    "context": "on",
    "answer_critic": "llm",
    "rewrite_checks": False,
    "accept": "not_worse",
    "proximal_update": False,
    "skip_solved": False,
    "aggregate_method": "summarization",
    "merge_form": "plain",
    "merge_prompt": "",
    "aggregate_gate": False,
    "min_retention": 0.0,
    "aggregate_repair": False,
    "validate": "full",
}
"""Every option that decides about the method, also where the default is the same today."""
