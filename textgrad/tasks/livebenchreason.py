"""The published code's import path of LiveBench's reasoning."""

from textgrad.tasks.livebench import LiveBench, variable_scorer

spatial_process_results = variable_scorer("spatial")
web_of_lies_process_results = variable_scorer("web_of_lies_v2")
zebra_puzzle_process_results = variable_scorer("zebra_puzzle")


class LiveBenchReasoning(LiveBench):
    """One split of livebench_reasoning."""

    subject = "reasoning"
