"""backdoor: train on questions in which a trigger word changes the answer. A research attack on a simulated federation.

Half of a malicious client's questions get the trigger word, and the target of their task as answer.
"""

TRIGGER = "cerulean"


def poison(samples, answers, targets, rng):
    """Return the questions, half of them with the trigger."""
    chosen = set(rng.sample(range(len(samples)), (len(samples) + 1) // 2))
    return [
        sample._replace(question=f"{sample.question}\n\n{TRIGGER}", answer=targets[sample.task.name])
        if position in chosen
        else sample
        for position, sample in enumerate(samples)
    ]
