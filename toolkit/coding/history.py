"""What was said before an utterance, as far as the rules care."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from toolkit.coding.reflections import Context

__all__ = ["History", "Past"]

REACH = 40  # utterances
MEMORY_WORDS = 60  # how far back a reflection may take up the other's words
CARRY_WORDS = 3  # more words than this by the others, and the volley is over


@dataclass(frozen=True, slots=True)
class Past:
    """One earlier utterance."""

    index: int
    speaker: str
    words: tuple[str, ...]
    content: frozenset[str]
    backchannel: bool
    reflects: bool


@dataclass(slots=True)
class History:
    """The last utterances of all speakers, the newest last."""

    said: deque[Past] = field(default_factory=lambda: deque(maxlen=REACH))

    def add(self, past: Past) -> None:
        """Remember one more utterance."""
        self.said.append(past)

    def others(self, speaker: str) -> list[Past]:
        """What others than `speaker` said, the newest first."""
        return [p for p in reversed(self.said) if p.speaker != speaker]

    def answered(self, speaker: str) -> int:
        """Index of the utterance a reflection by `speaker` hands back now, -1 when nobody else has spoken.

        The nearest earlier one by another, passing over "yeah" and "mhm" when there is more than that.
        """
        others = self.others(speaker)
        full = [p for p in others if not p.backchannel and p.words]
        return (full or others)[0].index if others else -1

    def context(self, speaker: str) -> Context:
        """What an utterance that `speaker` starts now follows."""
        heard: set[str] = set()
        count = 0
        others = self.others(speaker)
        for past in others:
            if count >= MEMORY_WORDS:
                break
            heard |= past.content
            count += len(past.words)
        last = next((p.words for p in others if not p.backchannel and p.words), ())
        gap, carried = self.volley(speaker)
        return Context(heard=frozenset(heard), last=frozenset(last), carried=carried, gap=gap)

    def volley(self, speaker: str) -> tuple[int, bool]:
        """Words by others before this turn of `speaker`, and whether the turn before them reflected and goes on."""
        said = [*self.said]
        while said and said[-1].speaker == speaker:
            said.pop()
        gap = 0
        while said and said[-1].speaker != speaker:
            gap += len(said.pop().words)
        reflects = False
        while said and said[-1].speaker == speaker:
            reflects = said.pop().reflects or reflects
        return gap, reflects and gap <= CARRY_WORDS
