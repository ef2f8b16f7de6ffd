"""Aggregation: merge uploaded prompts into the next global prompt."""
