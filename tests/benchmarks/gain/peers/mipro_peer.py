"""DSPy's MIPROv2. Calls beyond the cap count as wrong answers, so that it ends with the best program found before."""

import dspy
from _dspy import finish, set_up


def main() -> None:
    """Run MIPROv2 with as many trials as the calls allow."""
    run, program, train, val, metric = set_up()
    optimizer = dspy.MIPROv2(metric=metric, auto=None, num_candidates=5, max_errors=10**6, num_threads=4, seed=run.seed)
    trials = max(1, run.calls // max(1, len(val)))
    options = {"trainset": train, "valset": val, "num_trials": trials, "minibatch": False, "seed": run.seed}
    finish(run, program, lambda: optimizer.compile(program.deepcopy(), **options))


main()
