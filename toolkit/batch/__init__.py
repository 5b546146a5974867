"""Many sessions: one that fails is recorded and the rest goes on.

`loop` is the run's own part and `attempt` what is done to one session. Between the two is an `Engine`: this process
(`Here`), worker processes (`pool`), or a cluster (`toolkit.engines`); `worker` is one process that works for a run and
knows none of them. `outcomes` is all that they say to each other, `workplace` what a process keeps from one session to
the next, `failures` how a session failed last, and `standing` what is current, stale, missing or failed.
"""

from toolkit.batch.loop import HERE, Here, run
from toolkit.batch.outcomes import Engine, Job, Outcome, State, Watcher, worst_exit_code
from toolkit.batch.workplace import Workplace

__all__ = [
    "HERE",
    "Engine",
    "Here",
    "Job",
    "Outcome",
    "State",
    "Watcher",
    "Workplace",
    "attempt",
    "run",
    "worst_exit_code",
]
