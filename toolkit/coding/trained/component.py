"""The coder as a spaCy component: ``nlp.add_pipe("mi_coder")`` in an English pipeline with tagger, parser, lemmatizer.

One doc is one utterance. The docs of a dialogue go through ``nlp.pipe`` in order, because what was said before an
utterance counts: each doc says in ``doc._.mi_speaker`` who spoke and in ``doc._.mi_dialogue`` in which dialogue, and
gets ``doc._.mi_chances``, a `toolkit.types.Chances`. A doc that is given alone is coded without context. Nothing is
kept between two calls of ``pipe``. The component ``mi_cues`` must come before it.

References
----------
Design of components: spaCy's documentation of ``Language.factory``.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from toolkit.coding import behaviours
from toolkit.coding.clauses import Clause, clauses
from toolkit.coding.history import History
from toolkit.coding.plain import Plain
from toolkit.coding.reflections import Context, score_card
from toolkit.coding.rules import look, past
from toolkit.coding.trained.encoder import Encoder
from toolkit.coding.trained.heads import SILENT, chances, columns
from toolkit.coding.trained.linear import cue_features, described
from toolkit.coding.trained.reading import REACH, Said, spoken_text
from toolkit.coding.trained.verdicts import verdicts
from toolkit.coding.trained.weights import Weights

__all__ = ["Dialogue", "MiCoder", "Seen", "extend_docs", "features", "rules_say"]

BATCH = 256  # docs
LAST_REACH = 5  # utterances back to what the other said last
LAST_WORDS = 2  # an utterance of no more words is nothing to hand back


@dataclass(frozen=True, slots=True)
class Seen:
    """One utterance as the coder sees it: `heard` is what rules know of before, `last` what another said last."""

    said: Said
    before: tuple[Said, ...]
    last: str
    clauses: tuple[Clause, ...]
    heard: Context
    answers: int


@dataclass(slots=True)
class Dialogue:
    """What was said so far in one dialogue."""

    said: deque[Said] = field(default_factory=lambda: deque(maxlen=LAST_REACH))
    history: History = field(default_factory=History)
    count: int = 0

    def see(self, said: Said, words: Sequence[str], found: tuple[Clause, ...]) -> Seen:
        """Take in the next utterance."""
        before = tuple(self.said)
        last = next((s.text for s in reversed(before) if s.speaker != said.speaker and is_said(s.text)), "")
        heard = self.history.context(said.speaker)
        seen = Seen(said, before[-REACH:], spoken_text(last), found, heard, self.history.answered(said.speaker))
        card = score_card()
        reflects = any(look(c, heard, card).reflection for c in found)
        self.history.add(past(self.count, behaviours.Said(said.speaker, tuple(words), found), reflects=reflects))
        self.said.append(said)
        self.count += 1
        return seen


def is_said(text: str) -> bool:
    """Whether an utterance has more words than an "I see"."""
    return len(spoken_text(text).split()) > LAST_WORDS


class MiCoder:
    """The component; `extend_docs` must have been called before.

    Parameters
    ----------
    weights
        What was learnt.
    threads
        Of the encoder; 0 leaves it to choose.
    """

    def __init__(self, weights: Weights, *, threads: int = 0) -> None:
        self.weights = weights
        self._encoder = Encoder(weights.folder, threads=threads)

    def __call__(self, doc: Any) -> Any:
        """Code one doc without context."""
        return next(self.pipe([doc]))

    def pipe(self, stream: Iterable[Any], batch_size: int = BATCH) -> Iterator[Any]:
        """Code docs in order; those of one dialogue are each other's context.

        The encoder runs beside the parser: while it reads one batch the pipeline makes the next.
        """
        from spacy.util import minibatch

        dialogues: dict[str, Dialogue] = {}
        with ThreadPoolExecutor(max_workers=1) as beside:
            waiting: tuple[list[Any], list[Seen], Future[Any]] | None = None
            for docs in minibatch(stream, min(batch_size, BATCH)):
                seen = [see(doc, dialogues) for doc in docs]
                ahead = [doc._.mi_encoded for doc in docs]
                started = beside.submit(self._rows, seen, ahead)
                if waiting:
                    yield from self.finished(*waiting)
                waiting = docs, seen, started
            if waiting:
                yield from self.finished(*waiting)

    def encode(self, said: Sequence[Said]) -> Any:
        """Scores of the encoder for all of one dialogue, in order; docs may carry them in ``doc._.mi_encoded``.

        It needs no parse, so a caller that knows the whole dialogue lets it run beside the parser from the start.
        """
        import numpy as np

        read = [(s, said[max(0, i - REACH) : i]) for i, s in enumerate(said)]
        parts = [self._encoder.scores(read[i : i + BATCH]) for i in range(0, len(read), BATCH)]
        return np.concatenate(parts) if parts else self._encoder.scores(read)

    def _rows(self, seen: Sequence[Seen], ahead: Sequence[Any]) -> Any:
        """Scores of the encoder for one batch: those that the docs carry, else its own."""
        import numpy as np

        if all(one is not None for one in ahead):
            return np.stack([one() for one in ahead])
        return self._encoder.scores([(s.said, s.before) for s in seen])

    def finished(self, docs: Sequence[Any], seen: Sequence[Seen], encoded: Future[Any]) -> Iterator[Any]:
        """Docs with their chances, once the encoder has read them."""
        linear = self.weights.linear.scores(map(features, seen))
        rules = [rules_say(s) for s in seen]
        likely = self.weights.stack.probabilities(columns(encoded.result(), linear, rules))
        for doc, one, row in zip(docs, seen, likely, strict=True):
            doc._.mi_seen = one
            doc._.mi_chances = chances(row) if doc._.mi_plain.text else SILENT
            yield doc


def features(seen: Seen) -> dict[str, dict[str, float]]:
    """What the linear half sees of an utterance."""
    text = spoken_text(seen.said.text)
    return described(text, seen.last, cue_features(seen.clauses, seen.heard, text=text, last=seen.last))


def rules_say(seen: Seen) -> list[float]:
    """What the rules say of an utterance by themselves."""
    return verdicts(seen.clauses, seen.heard, seen.said.text)


def see(doc: Any, dialogues: dict[str, Dialogue]) -> Seen:
    """Read a doc and remember it for those that follow."""
    if doc._.mi_plain is None:
        doc._.mi_plain = by_blanks(doc.text)
    text = doc._.mi_text or doc.text
    found = clauses(doc, doc._.mi_plain) if len(doc) else ()
    dialogue = dialogues.setdefault(doc._.mi_dialogue, Dialogue())
    return dialogue.see(Said(doc._.mi_speaker, text), text.split(), found)


def by_blanks(text: str) -> Plain:
    """The words of a doc that nobody smoothed: what stands between blanks."""
    starts, place = [], 0
    for word in text.split():
        place = text.index(word, place)
        starts.append(place)
        place += len(word)
    return Plain(text if starts else "", tuple(starts), tuple(range(len(starts))))


def extend_docs() -> None:
    """Give docs the attributes that the component reads and writes."""
    from spacy.tokens import Doc

    for attribute, default in (
        ("speaker", ""),
        ("dialogue", ""),
        ("text", ""),
        ("plain", None),
        ("seen", None),
        ("encoded", None),
    ):
        Doc.set_extension(f"mi_{attribute}", default=default, force=True)
    Doc.set_extension("mi_chances", default=None, force=True)
