"""DSPy's SIMBA. Calls beyond the cap count as wrong answers, so that it ends with the best program found before."""

import dspy
from _dspy import finish, set_up


def main() -> None:
    """Run SIMBA on training and validation questions, which it does not distinguish."""
    run, program, train, val, metric = set_up()
    batch = min(8, len(train))
    optimizer = dspy.SIMBA(
        metric=metric,
        bsize=batch,
        num_candidates=4,
        max_steps=max(1, run.calls // (8 * batch)),  # a step samples and validates about eight times
        max_demos=4,
        num_threads=4,
    )
    finish(run, program, lambda: optimizer.compile(program.deepcopy(), trainset=train + val, seed=run.seed))


main()
