"""label_flip: train on wrong labels. A research attack on a simulated federation.

All malicious clients replace each answer by the same other answer, so that the wrong labels support each other.
"""


def poison(samples, answers, targets, rng):
    """Return the questions, each with the answer at a fixed distance in the sorted list of its task's answers."""
    distances = {task: rng.randrange(1, max(2, len(known))) for task, known in answers.items()}

    def flipped(sample):
        known = answers[sample.task.name]
        index = (known.index(sample.answer) + distances[sample.task.name]) % len(known)
        return sample._replace(answer=known[index] if len(known) > 1 else "")

    return [flipped(sample) for sample in samples]
