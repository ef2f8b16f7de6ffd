"""DSPy's SIMBA. It ends with a test of up to five programs on all its questions: as many as the calls allow."""

import dspy
from _dspy import finish, set_up

_CANDIDATES = 4


def main() -> None:
    """Run SIMBA on training questions, with as many steps as the calls allow."""
    run, program, train, _, metric = set_up()
    train = train[: max(8, run.calls // 12)]
    batch = min(8, len(train))
    last, step = (_CANDIDATES + 1) * len(train), (2 * _CANDIDATES + 1) * batch + _CANDIDATES  # calls
    optimizer = dspy.SIMBA(
        metric=metric,
        bsize=batch,
        num_candidates=_CANDIDATES,
        max_steps=max(1, (run.calls - last) // step),
        max_demos=4,
        num_threads=4,
    )
    finish(run, program, lambda: optimizer.compile(program.deepcopy(), trainset=train, seed=run.seed))


main()
