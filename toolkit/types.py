"""The nouns: what a session is made of, as frozen values.

Time is seconds (float) from the start of the recording; intervals are half-open. There is a type for every state:
a `Word` has no speaker, an `AttributedWord` has one or is known to fit nobody; an `Utterance` holds counts and can be
kept without the transcript purpose, a `SpokenUtterance` holds the words too. What could not be found is
`Missing(reason)`, never 0, -1 or NaN.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from pathlib import Path

from toolkit.intervals import Span

__all__ = [
    "HUMAN",
    "NOT_CONFIRMABLE",
    "NO_CATEGORY",
    "UNTOLD",
    "Account",
    "AppliedCode",
    "AttributedWord",
    "Backchannel",
    "Band",
    "Chances",
    "Code",
    "CodedUtterance",
    "Dialogue",
    "Diarization",
    "GlobalRating",
    "Interruption",
    "Level",
    "Measure",
    "MeasureValue",
    "Missing",
    "Need",
    "Provenance",
    "Purpose",
    "Ratio",
    "Recording",
    "Role",
    "RoleAssignment",
    "RoleSource",
    "Silence",
    "SilenceCategory",
    "SilenceEvidence",
    "SilenceKind",
    "SpeakerInterval",
    "SpokenUtterance",
    "Transcript",
    "TranscriptFile",
    "Turn",
    "Utterance",
    "Word",
    "Wording",
]


@dataclass(frozen=True, slots=True)
class Missing:
    """A value that is not there, and why, in words a supervisor understands."""

    reason: str


@dataclass(frozen=True, slots=True)
class Ratio:
    """A numerator over a denominator that adds up: a caseload's ratio is the ratio of sums."""

    numerator: float
    denominator: float

    def __add__(self, other: Ratio) -> Ratio:
        return Ratio(self.numerator + other.numerator, self.denominator + other.denominator)

    def value(self, when_zero: str) -> float | Missing:
        """The quotient, or `Missing(when_zero)` when the denominator is 0."""
        return Missing(when_zero) if self.denominator == 0 else self.numerator / self.denominator


class Purpose(StrEnum):
    """What a party agreed to."""

    MEASURE = "measure"
    TRANSCRIPT = "transcript"
    SUPERVISION = "supervision"
    RESEARCH = "research"
    VOICEPRINT = "voiceprint"


class Role(StrEnum):
    """Who somebody is in the session. Several speakers may share a role (a couple are two clients)."""

    THERAPIST = "therapist"
    CLIENT = "client"
    CO_THERAPIST = "co_therapist"
    INTERPRETER = "interpreter"
    OTHER = "other"
    UNKNOWN = "unknown"


class RoleSource(StrEnum):
    """Where a role comes from, the most trusted first."""

    HUMAN = "human"
    CHANNELS = "channels"
    MANIFEST = "manifest"
    VOICE = "voice"
    LEXICAL = "lexical"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class RoleAssignment:
    """The role of one speaker, how sure it is (0 to 1) and where it comes from."""

    role: Role
    confidence: float
    source: RoleSource


@dataclass(frozen=True, slots=True)
class TranscriptFile:
    """A transcript made elsewhere, and what its speakers are called here, in the order in which they first speak."""

    path: Path
    speakers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Recording:
    """One row of ``sessions.csv``: the audio of one session, before anyone asked for consent.

    `path` is the audio; of a session that has none, the file of its `transcript`. A transcript made elsewhere stands
    in place of the recogniser's words; None where there is none.
    """

    session_id: str
    path: Path
    therapist: str
    client: str
    recorded_on: str
    language: str
    min_speakers: int
    max_speakers: int
    channels: tuple[str, ...]
    transcript: TranscriptFile | None = None

    @property
    def has_sound(self) -> bool:
        """Whether there is audio; else there is a transcript only."""
        return self.transcript is None or self.transcript.path != self.path


@dataclass(frozen=True, slots=True)
class Word:
    """A timed token, as a CTM line holds it; `probability` is the recogniser's, 0 to 1."""

    start: float
    end: float
    text: str
    probability: float


UNTOLD = Missing("nobody measured how often words so placed are given to the wrong speaker")


@dataclass(frozen=True, slots=True)
class AttributedWord(Word):
    """A word and who said it; `speaker` is None when no speaker fits.

    `speaker_confidence` is the chance, 0 to 1, that it is this speaker's; missing where nobody can say.
    """

    speaker: str | None
    speaker_confidence: float | Missing = UNTOLD


@dataclass(frozen=True, slots=True)
class Transcript:
    """All the words of one waveform in order, with the language and what the guards took out.

    `rejected` counts the words left out as invented (loops, or words where nobody speaks).
    """

    words: tuple[Word, ...]
    language: str
    language_probability: float
    rejected: int


@dataclass(frozen=True, slots=True)
class SpeakerInterval:
    """One stretch of one speaker's speech, as an RTTM SPEAKER line holds it."""

    start: float
    end: float
    speaker: str

    @property
    def span(self) -> Span:
        """The stretch without its speaker."""
        return Span(self.start, self.end)


@dataclass(frozen=True, slots=True)
class Diarization:
    """Who spoke when: `regular` with overlap (for talk time), `exclusive` with one speaker at a time (for words).

    `measured` tells whether it was found in the sound by a diarizer, whose errors with words are known. Intervals that
    were replayed may be anybody's.
    """

    regular: tuple[SpeakerInterval, ...]
    exclusive: tuple[SpeakerInterval, ...]
    measured: bool = True


@dataclass(frozen=True, slots=True)
class Wording:
    """How the words of an utterance are used, as counts: how many are of a closed class, never which.

    The classes are those of the lists of function words, which hold no word of content; where the session's language
    has none, `Need.FUNCTION_WORDS` is untold and they count nothing. A word may be of several.

    Attributes
    ----------
    personal_pronouns, impersonal_pronouns, articles, auxiliary_verbs, adverbs, prepositions, conjunctions, negations, \
quantifiers
        The nine categories of function words that style matching compares.
    first_singular, first_plural, second_person
        Pronouns by person.
    filled_pauses, repetitions
        Disfluencies: *um* and the like; words said again at once, or cut off.
    window_words, window_types
        Words in the windows of the speaker's running words that end in this utterance, and how many different words
        each of these windows holds, summed: enough for a moving-average type-token ratio, and no vocabulary.
    """

    personal_pronouns: int = 0
    impersonal_pronouns: int = 0
    articles: int = 0
    auxiliary_verbs: int = 0
    adverbs: int = 0
    prepositions: int = 0
    conjunctions: int = 0
    negations: int = 0
    quantifiers: int = 0
    first_singular: int = 0
    first_plural: int = 0
    second_person: int = 0
    filled_pauses: int = 0
    repetitions: int = 0
    window_words: int = 0
    window_types: int = 0


@dataclass(frozen=True, slots=True)
class Utterance:
    """One complete thought of one speaker, as counts only: it may be kept without the transcript purpose."""

    index: int
    start: float
    end: float
    speaker: str
    word_count: int
    syllable_count: int
    wording: Wording = field(default=Wording(), kw_only=True)


@dataclass(frozen=True, slots=True)
class SpokenUtterance(Utterance):
    """An utterance with its words."""

    words: tuple[AttributedWord, ...]

    @property
    def text(self) -> str:
        """The words as one line."""
        return " ".join(w.text.strip() for w in self.words)

    @property
    def counts(self) -> Utterance:
        """The utterance without its words."""
        return Utterance(*(getattr(self, f.name) for f in fields(Utterance) if not f.kw_only), wording=self.wording)


@dataclass(frozen=True, slots=True)
class Turn:
    """One speaker holding the floor, own pauses included, the other's backchannels not ending it.

    `speech_time` is the speaker's own speech inside it, in seconds, without pauses.
    """

    index: int
    start: float
    end: float
    speaker: str
    speech_time: float

    @property
    def duration(self) -> float:
        """Seconds from first to last speech, pauses included."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Backchannel:
    """A short token inside the other's turn that does not take the floor.

    `heard` is False when the recogniser gave no words there, so that only its length speaks for it.
    """

    start: float
    end: float
    speaker: str
    heard: bool


@dataclass(frozen=True, slots=True)
class Interruption:
    """Speech that starts well before the other has ended; `succeeded` when the floor changed."""

    start: float
    end: float
    speaker: str
    interrupted: str
    succeeded: bool


class SilenceKind(StrEnum):
    """Pause: same speaker before and after. Gap: the speaker changes. Lapse: a gap longer than the set limit."""

    PAUSE = "pause"
    GAP = "gap"
    LAPSE = "lapse"


class SilenceEvidence(StrEnum):
    """What the cross-check found in a stretch without detected speech; only `SILENT` counts as silence."""

    SILENT = "silent"
    WORDS = "words"
    NOISE = "noise"
    EXCLUDED = "excluded"


class SilenceCategory(StrEnum):
    """What a silence was, by the Pausing Inventory Categorization System (PICS); only a human can tell."""

    DISENGAGED = "disengaged"
    EMOTIONAL = "emotional"
    INTERACTIONAL = "interactional"
    REFLECTIVE = "reflective"
    EXPRESSIVE = "expressive"
    ASSOCIATIONAL = "associational"
    MNEMONIC = "mnemonic"


NO_CATEGORY = Missing("no human gave this silence a category")


@dataclass(frozen=True, slots=True)
class Silence:
    """A stretch in which nobody speaks, between two stretches of speech; `category` is a human's."""

    index: int
    start: float
    end: float
    kind: SilenceKind
    before: str
    after: str
    evidence: SilenceEvidence
    category: SilenceCategory | Missing = NO_CATEGORY

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return self.end - self.start


class Code(StrEnum):
    """Behaviour codes of motivational interviewing, see the code book; the last two are markers and no codes of MITI.

    `FACILITATE` marks an utterance that only says "I am listening", whoever says it: it ends no volley. `FEELING`
    marks one in which its speaker names a feeling of their own.
    """

    SIMPLE_REFLECTION = "simple_reflection"
    COMPLEX_REFLECTION = "complex_reflection"
    OPEN_QUESTION = "open_question"
    CLOSED_QUESTION = "closed_question"
    GIVING_INFORMATION = "giving_information"
    PERSUADE = "persuade"
    PERSUADE_WITH_PERMISSION = "persuade_with_permission"
    AFFIRM = "affirm"
    SEEK_COLLABORATION = "seek_collaboration"
    EMPHASIZE_AUTONOMY = "emphasize_autonomy"
    CONFRONT = "confront"
    OTHER = "other"
    CHANGE_TALK = "change_talk"
    SUSTAIN_TALK = "sustain_talk"
    NEUTRAL = "neutral"
    FACILITATE = "facilitate"
    FEELING = "feeling"


class GlobalRating(StrEnum):
    """The global ratings of MITI 4.2.1, 1 to 5; only a human gives them."""

    CULTIVATING_CHANGE_TALK = "cultivating_change_talk"
    SOFTENING_SUSTAIN_TALK = "softening_sustain_talk"
    PARTNERSHIP = "partnership"
    EMPATHY = "empathy"


HUMAN = "human"
"""The coder of a code that a human set or confirmed."""


@dataclass(frozen=True, slots=True)
class AppliedCode:
    """One code and what made it.

    `rule` names the rule, never the words; the words are those of the utterance from `first_word` up to and with
    `last_word`. A human's code has no words: its last comes before its first. `answers` is the index of the utterance
    that a reflection hands back, -1 for none.
    """

    code: Code
    coder: str
    rule: str
    first_word: int
    last_word: int
    answers: int


@dataclass(frozen=True, slots=True)
class Chances:
    """Calibrated probabilities, 0 to 1, that a trained human would code one utterance so.

    Attributes
    ----------
    reflection, question, input
        If the therapist says it: that it reflects; that it asks; that it informs, advises, offers options or
        negotiates (AnnoMI's *therapist input*). One utterance can do several.
    complex, open
        That the reflection is complex, that the question is open: given that it is one.
    main_reflection, main_question, main_input, main_other
        If the therapist says it: its main behaviour, four ways; they sum to 1.
    change, sustain
        If the client says it: change talk, sustain talk; what is left to 1 is neutral.
    """

    reflection: float
    complex: float
    question: float
    open: float
    input: float
    main_reflection: float
    main_question: float
    main_input: float
    main_other: float
    change: float
    sustain: float


class Need(StrEnum):
    """What a measure needs that a session may not tell: what a transcript leaves out, a word list of its language."""

    SILENCES = "silences"
    """When nobody speaks."""
    TURN_TAKING = "turn-taking"
    """When speech begins and ends, to a tenth of a second or so: overlap, offsets, interruptions, backchannels."""
    PAUSES = "pauses"
    """Speech without the pauses in it."""
    SOUND = "sound"
    """The sound itself, to compare the words with."""
    BACKCHANNELS = "backchannels"
    """A list of what listeners say in the session's language."""
    SYLLABLES = "syllables"
    """Rules to count the syllables of the session's language."""
    FUNCTION_WORDS = "function words"
    """Lists of the function words and filled pauses of the session's language."""


NO_CHANCES = Missing("this coder gives no probabilities")


@dataclass(frozen=True, slots=True)
class CodedUtterance:
    """The codes of one utterance, none when nothing was coded, and how likely each would be.

    A coder codes every speaker's utterances; a measure counts those of its role. So a swap of roles needs no model.
    """

    utterance: int
    codes: tuple[AppliedCode, ...]
    chances: Chances | Missing = NO_CHANCES


@dataclass(frozen=True, slots=True)
class Dialogue:
    """All that the measures read: no audio, no text.

    Attributes
    ----------
    session_id
        Pseudonymous id.
    duration
        Length of the recording, seconds.
    excluded
        Portions a party excluded: silenced before any model, and neither speech nor silence here.
    roles
        Speaker label to role, for every speaker of `activity`.
    activity
        Who spoke when, with overlap.
    utterances
        In order of start; missing when the session has no words.
    turns, backchannels, interruptions, silences
        In order of start. Silences of every length, between the first and the last speech.
    codes
        One entry an utterance; missing when no coder could code (another language, no words).
    words_without_speaker
        How many words fitted no speaker.
    speech_without_words
        Seconds of speech in which the recogniser found no words.
    coded
        What the coder can find: a code outside it was not looked for, so that its absence says nothing.
    confirmed
        Speech whose speaker a human set or confirmed.
    untold
        What measures need and the session does not tell, with the reason.
    """

    session_id: str
    duration: float
    excluded: tuple[Span, ...]
    roles: Mapping[str, RoleAssignment]
    activity: tuple[SpeakerInterval, ...]
    utterances: tuple[Utterance, ...] | Missing
    turns: tuple[Turn, ...]
    backchannels: tuple[Backchannel, ...]
    interruptions: tuple[Interruption, ...]
    silences: tuple[Silence, ...]
    codes: tuple[CodedUtterance, ...] | Missing
    words_without_speaker: int | Missing
    speech_without_words: float | Missing
    coded: frozenset[Code] = frozenset(Code)
    confirmed: tuple[SpeakerInterval, ...] = ()
    untold: Mapping[Need, str] = field(default_factory=dict)

    def speakers(self, role: Role) -> frozenset[str]:
        """The speakers who have `role`."""
        return frozenset(s for s, a in self.roles.items() if a.role is role)

    def role_of(self, speaker: str) -> Role:
        """The role of a speaker, `Role.UNKNOWN` for one nobody named."""
        return self.roles[speaker].role if speaker in self.roles else Role.UNKNOWN


@dataclass(frozen=True, slots=True)
class Account:
    """One account of a session: the machine's, or the one with a human's corrections over it.

    `utterances` and `words` hold text; missing where none was kept.
    """

    dialogue: Dialogue
    utterances: tuple[SpokenUtterance, ...] | Missing
    words: tuple[AttributedWord, ...] | Missing


class Level(StrEnum):
    """Whether a measure is taken once for each role or once for the session."""

    ROLE = "role"
    SESSION = "session"


@dataclass(frozen=True, slots=True)
class Band:
    """A range to compare with, never to pass or fail: its scheme and what kind of evidence stands behind it."""

    low: float
    high: float
    label: str
    scheme: str


@dataclass(frozen=True, slots=True)
class Measure:
    """What a number means.

    `settings` names the thresholds it depends on, as dotted paths; `bands` apply to the therapist's value;
    `agreement` says how well trained humans agree on what is counted, empty where nothing was judged; `confirmed` says
    of what the confirmed share is one, empty where a human can confirm nothing that is counted; `needs` names what a
    session may not tell, so that the measure is missing with that reason.
    """

    name: str
    level: Level
    title: str
    definition: str
    unit: str
    numerator: str
    denominator: str
    missing_when: str
    interval: str
    source: str
    scheme: str = ""
    settings: tuple[str, ...] = ()
    bands: tuple[Band, ...] = ()
    agreement: str = ""
    confirmed: str = ""
    needs: tuple[Need, ...] = ()


NOT_CONFIRMABLE = Missing("it counts nothing that a human can confirm one by one")


@dataclass(frozen=True, slots=True)
class MeasureValue:
    """One number of one session.

    Attributes
    ----------
    measure
        Name in the registry.
    role
        ``"session"`` for session measures.
    value
        In the measure's unit, or `Missing`.
    n
        How many things were counted or averaged.
    numerator, denominator
        What was divided, `Missing` for a value that is no ratio.
    interval
        90 % interval of the value, or `Missing` with the reason why there is none.
    window
        The stretch of the session the value describes; the whole span of speech for most.
    confirmed
        Share, 0 to 1, of what it counts that a human set or confirmed: of speech, turns, silences or codes, as
        `Measure.confirmed` says.
    """

    measure: str
    role: str
    value: float | Missing
    n: int
    numerator: float | Missing
    denominator: float | Missing
    interval: Span | Missing
    window: Span
    confirmed: float | Missing = NOT_CONFIRMABLE


@dataclass(frozen=True, slots=True)
class Provenance:
    """What a result was made from and with; holds no time of day, no host and no path."""

    toolkit_version: str
    recording_sha256: str
    settings_digest: str
    models: Mapping[str, str]
    packages: Mapping[str, str]
    purposes: tuple[str, ...]
