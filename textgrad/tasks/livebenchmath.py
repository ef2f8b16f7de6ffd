"""The published code's import path of LiveBench's mathematics."""

from textgrad.tasks.livebench import LiveBench, variable_scorer

amps_hard_process_results = variable_scorer("AMPS_Hard")
mathcontest_process_results = variable_scorer("math_comp")
proof_rearrangement_process_results = variable_scorer("olympiad")


class LiveBenchMath(LiveBench):
    """One split of livebench_math."""

    subject = "math"
