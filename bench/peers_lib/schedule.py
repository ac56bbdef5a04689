"""What is left to run, in which order, and how long it will take."""

from dataclasses import dataclass

from peers_lib.options import repetitions_of


@dataclass(frozen=True)
class Task:
    """One repetition of one contender."""

    contender: object
    repetition: int


def tasks_left(contenders, plan, repetitions, store, kind):
    """Contenders alternate: all of them once, then all again, so that a slow minute of the machine
    falls on everyone."""
    return [Task(contender, repetition) for repetition in range(repetitions)
            for contender in contenders
            if repetition < repetitions_of(contender, plan, repetitions)
            and store.get(kind, contender.name, repetition) is None]


def seconds_left(tasks, estimates):
    """The sum of what the tasks are expected to take."""
    return sum(estimates[task.contender.name] for task in tasks)


def estimate(whole, run, asked, wanted):
    """Seconds for `wanted` questions, from one process that answered `asked`."""
    return (whole - run) + run * wanted / asked


def clock(seconds):
    """Minutes and seconds: "2:05"."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"
