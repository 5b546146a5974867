"""Many sessions: what a therapist's sessions have in common, how they change, and how a caseload varies.

`read` takes the measures of every session that consent covers today, with its therapist and date. `parts` cuts them to
one measure and one therapist; `progress` sets a therapist's latest sessions beside the first, `habits` and `again` are
for those who look at their own listening, `cohort` describes the whole caseload, `quality` says which sessions to
distrust, `questions` words findings. Statistics stand in `toolkit.measures` (`sums`, `change`, `variation`).

A caseload describes sessions. It orders nobody: therapists come by their ids, and what rests on too few is left out.
"""

from toolkit.caseload.reading import LISTENING, Caseload, agreed, read, role_of

__all__ = ["LISTENING", "Caseload", "agreed", "read", "role_of"]
