"""Voices: people who consented to it are enrolled once, and recognised in their own sessions.

Conventions
-----------
A voice is a CAM++ embedding of length 1; two are compared by the cosine between them. A voice of a session is the mean
over the longest stretches in which its speaker speaks alone. Cosines, the threshold and the confidence were measured on
few voices: ``docs/adr/0008-roles.md`` says on which, and how far to trust them.
"""

from toolkit.voices.enrolling import Enrolled, enroll
from toolkit.voices.recognising import NOBODY, Heard, decide, recognise

__all__ = ["NOBODY", "Enrolled", "Heard", "decide", "enroll", "recognise"]
