"""Words to utterances, the unit that is coded.

Conventions
-----------
An *utterance* is one complete thought of one speaker. Each speaker's words are read as a stream of their own, so that
a listener's "mhm" does not cut a sentence in two. Between two words of a stream the utterance ends where

- the speaker is silent for more than `utterance_gap` seconds (the listener's words in between are no silence), or
- another speaker says something in between that is more than a backchannel, or
- the first word ends a sentence (``. ? ! …``), unless it is an abbreviation or a single letter, or the next word
  goes on in lower case.

A sentence of backchannels only ("Okay.", "Right?") joins the sentence after it, else the one before: in doubt, fewer
utterances. Recognisers let a word's end swallow the silence after it: a word is heard for at most `LONGEST_WORD`.

References
----------
Moyers, Manuel & Ernst (2014), MITI 4.2.1: parsing.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from enum import Enum
from itertools import pairwise

from toolkit import lexicon, syllables, wording
from toolkit.settings import DialogueSettings
from toolkit.types import AttributedWord, SpokenUtterance, Word, Wording

__all__ = ["LONGEST_WORD", "heard_end", "split"]

LONGEST_WORD = 1.0
"""Seconds: what a recogniser gives beyond this is silence that the word's end has swallowed."""

CLOSING = "\"'\u201d\u2019»)]}"
ENDINGS = (".", "?", "!", "…", "。", "？", "！")  # noqa: RUF001  (the full-width ones are meant)


class Boundary(Enum):
    """What lies between two words of one speaker."""

    NONE = 0
    SENTENCE = 1
    BREAK = 2


def split(words: Sequence[AttributedWord], settings: DialogueSettings, *, language: str) -> tuple[SpokenUtterance, ...]:
    """Cut words into utterances.

    Parameters
    ----------
    words
        All words of the session; those whose speaker is None make no utterance.
    settings
        `utterance_gap` in seconds, `backchannel_max_words`, `variety_window` in words, `lexicons`.
    language
        Code of the language, such as ``en``.

    Returns
    -------
    tuple of SpokenUtterance
        In order of start, numbered from 0; every word with a speaker is in exactly one.
    """
    lists = lexicon.load(language, settings.lexicons)
    streams: dict[str, list[AttributedWord]] = defaultdict(list)
    for word in sorted(words, key=lambda w: (w.start, w.end)):
        if word.speaker is not None:
            streams[word.speaker].append(word)
    thoughts: list[list[AttributedWord]] = []
    for speaker, own in streams.items():
        others = [w for name, stream in streams.items() if name != speaker for w in stream]
        thoughts += cut(own, sorted(others, key=lambda w: w.start), settings, lists)
    thoughts.sort(key=lambda t: (t[0].start, t[-1].end, str(t[0].speaker)))
    said = [lexicon.tokens(w.text for w in thought) for thought in thoughts]
    counts = {token: syllables.count(token, lists) for token in {t for tokens in said for t in tokens}}
    grammar = wording.load(language, settings.lexicons)
    speakers = [str(thought[0].speaker) for thought in thoughts]
    varied = wording.windows(list(zip(speakers, said, strict=True)), settings.variety_window)
    return tuple(
        utterance(
            index,
            thought,
            [counts[token] for token in tokens],
            replace(wording.count(thought, grammar), window_words=words, window_types=types),
        )
        for index, (thought, tokens, (words, types)) in enumerate(zip(thoughts, said, varied, strict=True))
    )


def utterance(index: int, words: Sequence[AttributedWord], counts: Sequence[int], used: Wording) -> SpokenUtterance:
    """Words as one utterance, with the syllables of each of its tokens and how they are used."""
    return SpokenUtterance(
        index=index,
        start=words[0].start,
        end=max(w.end for w in words),
        speaker=str(words[0].speaker),
        word_count=len(counts),
        syllable_count=sum(counts),
        words=tuple(words),
        wording=used,
    )


def heard_end(word: Word) -> float:
    """Where a word ends at the latest, in seconds: its own end, or `LONGEST_WORD` after its start."""
    return min(word.end, word.start + LONGEST_WORD)


def cut(
    own: Sequence[AttributedWord],
    others: Sequence[AttributedWord],
    settings: DialogueSettings,
    lists: lexicon.Lexicon,
) -> Iterator[list[AttributedWord]]:
    """One speaker's words as utterances; `others` are everybody else's words in order of start."""
    cased = any(c.isupper() for word in own for c in word.text)
    sentences: list[list[AttributedWord]] = [[own[0]]]
    joints: list[Boundary] = []  # between sentence i and i + 1
    for before, after in pairwise(own):
        between = interjected(before, after, others)
        kind = boundary((before, after), between, settings, lists)
        if kind is Boundary.NONE and ends_sentence(before.text, after.text, lists, cased=cased):
            kind = Boundary.SENTENCE
        if kind is Boundary.NONE:
            sentences[-1].append(after)
        else:
            sentences.append([after])
            joints.append(kind)
    yield from join_tokens(sentences, joints, lists)


def interjected(
    before: AttributedWord, after: AttributedWord, others: Sequence[AttributedWord]
) -> tuple[AttributedWord, ...]:
    """The others' words (in order of start) whose middle lies between two words of one speaker."""
    first = bisect_left(others, heard_end(before) - LONGEST_WORD, key=lambda w: w.start)
    last = bisect_left(others, after.start, key=lambda w: w.start)
    near = others[first:last]
    return tuple(w for w in near if heard_end(before) <= (w.start + heard_end(w)) / 2 < after.start)


def boundary(
    pair: tuple[AttributedWord, AttributedWord],
    between: Sequence[AttributedWord],
    settings: DialogueSettings,
    lists: lexicon.Lexicon,
) -> Boundary:
    """A break by silence or by what another speaker said in between."""
    said = lexicon.tokens(w.text for w in between)
    if said and not (len(said) <= settings.backchannel_max_words and lists.all_backchannels(said)):
        return Boundary.BREAK
    silence = pair[1].start - heard_end(pair[0]) - sum(heard_end(w) - w.start for w in between)
    return Boundary.BREAK if silence > settings.utterance_gap else Boundary.NONE


def ends_sentence(text: str, following: str, lists: lexicon.Lexicon, *, cased: bool) -> bool:
    """Whether a word ends a sentence; `cased` tells that the recogniser writes capitals, so lower case goes on."""
    bare = text.strip().rstrip(CLOSING)
    if not bare.endswith(ENDINGS):
        return False
    if not bare.endswith((".", "…")):
        return True
    goes_on = cased and following.strip()[:1].islower()
    stem = re.sub(r"^\W+|\W+$", "", bare).lower()
    initial = len(stem) == 1 and stem.isalpha() and stem not in lists.letter_words
    return not (goes_on or initial or stem in lists.abbreviations)


def join_tokens(
    sentences: Sequence[list[AttributedWord]], joints: Sequence[Boundary], lists: lexicon.Lexicon
) -> Iterator[list[AttributedWord]]:
    """Give sentences of backchannels only to their neighbour, across no break: the next one first."""
    runs: list[list[list[AttributedWord]]] = [[sentences[0]]]
    for sentence, joint in zip(sentences[1:], joints, strict=True):
        if joint is Boundary.BREAK:
            runs.append([])
        runs[-1].append(sentence)
    for run in runs:
        joined: list[list[AttributedWord]] = []
        waiting: list[AttributedWord] = []
        for sentence in run:
            if lists.all_backchannels(lexicon.tokens(w.text for w in sentence)):
                waiting += sentence
            else:
                joined.append(waiting + sentence)
                waiting = []
        if waiting and joined:
            joined[-1] += waiting
        elif waiting:
            joined.append(waiting)
        yield from joined
