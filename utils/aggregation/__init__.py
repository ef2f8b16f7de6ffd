"""Aggregation: from the prompts that clients upload to the next global prompt."""
