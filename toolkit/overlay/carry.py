"""What becomes of the machine's codes when words change hands: no coder reads the utterances again.

Each code goes to the utterance that now holds most of the words it was found in, and each utterance has the chances of
the one that gave it most of its words. ``facilitate`` says of all words that they only listen, so it stays only where
all of them came from utterances that were marked so. An utterance made of other words than before was not read by the
coder as it now is: how many there are is told.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from toolkit.types import NO_CHANCES, AppliedCode, AttributedWord, Code, CodedUtterance, SpokenUtterance

__all__ = ["Moved", "carried"]

Place = tuple[int, int]
"""Index of an utterance, and the place of a word in it."""


@dataclass(frozen=True, slots=True)
class Moved:
    """Where words went.

    Attributes
    ----------
    went
        Place of a word before, to its place now.
    made_of
        Index of an utterance now, to those before that its words come from, each as often as words come from it.
    sizes
        Words of each utterance before, by index.
    """

    went: Mapping[Place, Place]
    made_of: Mapping[int, Counter[int]]
    sizes: Mapping[int, int]

    @classmethod
    def of(
        cls,
        before: Sequence[SpokenUtterance],
        old_words: Sequence[AttributedWord],
        now: Sequence[SpokenUtterance],
        new_words: Sequence[AttributedWord],
    ) -> Moved:
        """Follow the words; `old_words` and `new_words` are the same in the same order, but for their speakers."""
        homes = places(before)
        source: dict[AttributedWord, deque[Place | None]] = defaultdict(deque)
        for old, new in zip(old_words, new_words, strict=True):
            source[new].append(homes[old].popleft() if homes.get(old) else None)
        went: dict[Place, Place] = {}
        made_of: dict[int, Counter[int]] = {}
        for u in now:
            came: Counter[int] = Counter()
            for position, word in enumerate(u.words):
                old_place = source[word].popleft()
                if old_place is not None:
                    went[old_place] = (u.index, position)
                    came[old_place[0]] += 1
            made_of[u.index] = came
        return cls(went, made_of, {u.index: len(u.words) for u in before})

    @property
    def unread(self) -> int:
        """How many utterances are made of other words than one was before."""
        return sum(
            len(came) != 1 or any(count != self.sizes[old] for old, count in came.items())
            for came in self.made_of.values()
        )

    def now(self, old: int) -> int:
        """The utterance that holds most words of one before; -1 for none."""
        return most(self.went[place][0] for i in range(self.sizes.get(old, 0)) if (place := (old, i)) in self.went)


def places(said: Iterable[SpokenUtterance]) -> dict[AttributedWord, deque[Place]]:
    """Where each word stands; words that are equal in everything are told apart by their order only."""
    found: dict[AttributedWord, deque[Place]] = defaultdict(deque)
    for u in said:
        for position, word in enumerate(u.words):
            found[word].append((u.index, position))
    return found


def most(indices: Iterable[int]) -> int:
    """The one that comes most often, of several the first in time; -1 for none."""
    votes = Counter(indices)
    return min(votes, key=lambda index: (-votes[index], index)) if votes else -1


def carried(codes: Sequence[CodedUtterance], moved: Moved) -> tuple[CodedUtterance, ...]:
    """The codes and chances of the utterances as they now are."""
    before = {c.utterance: c for c in codes}
    listening = {c.utterance for c in codes if any(a.code is Code.FACILITATE for a in c.codes)}
    given: dict[int, list[AppliedCode]] = defaultdict(list)
    for coded in codes:
        for code in coded.codes:
            for home, gone in followed(coded.utterance, code, moved):
                heard_only = code.code is not Code.FACILITATE or set(moved.made_of[home]) <= listening
                if heard_only and all(a.code is not code.code for a in given[home]):
                    given[home].append(gone)
    found = []
    for index, came in sorted(moved.made_of.items()):
        main = before.get(most(came.elements()))
        found.append(CodedUtterance(index, tuple(given[index]), NO_CHANCES if main is None else main.chances))
    return tuple(found)


def followed(old: int, code: AppliedCode, moved: Moved) -> Iterator[tuple[int, AppliedCode]]:
    """Where a code goes, with its words there; nowhere when none of its utterance's words are left."""
    evidence = [
        moved.went[place] for i in range(code.first_word, code.last_word + 1) if (place := (old, i)) in moved.went
    ]
    home = most(index for index, _ in evidence) if evidence else moved.now(old)
    if home < 0:
        return
    own = [position for index, position in evidence if index == home]
    first, last = (min(own), max(own)) if own else (0, -1)
    answers = moved.now(code.answers) if code.answers >= 0 else -1
    yield home, replace(code, first_word=first, last_word=last, answers=answers)
