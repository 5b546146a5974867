"""The checks of data quality: what is looked at, from where on it is a doubt, and what to do then."""

from __future__ import annotations

from dataclasses import dataclass

from toolkit.settings import MeasureSettings, RoleSettings

__all__ = ["CHECKS", "Check"]

OWN = "the toolkit's own rule of thumb; no norm"
DOUBTFUL_MINUTES = MeasureSettings().miti_doubtful / 60
LEAST_SURE = RoleSettings().min_confidence


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that is looked at.

    Attributes
    ----------
    name, title, unit
        Of the number.
    limit
        From where on there is a doubt.
    above
        Whether numbers over the limit are doubtful; else those under it.
    source
        Of the limit.
    why
        What may then be wrong.
    what_to_do
        For the one who reads the results.
    """

    name: str
    title: str
    unit: str
    limit: float
    above: bool
    source: str
    why: str
    what_to_do: str

    def beyond(self, value: float) -> bool:
        """Whether a number is doubtful."""
        return value > self.limit if self.above else value < self.limit


CHECKS = (
    Check(
        "level", "Loudness", "dBFS", -40.0, False, OWN,
        "the recording is quiet: soft speech may be taken for silence, and words may be lost",
        "Listen to a soft place in the player. For the next session put the microphone nearer, or between both people.",
    ),
    Check(
        "peak", "Loudest sample", "dBFS", -0.1, True, OWN,
        "the recording may be clipped: distorted speech is recognised worse",
        "Listen to a loud place. For the next session turn the recording level down.",
    ),
    Check(
        "rate", "Sampling rate", "kHz", 16.0, False, "what recogniser and diarizer were trained on",
        "telephone quality: words and speakers are told apart less well",
        "Compare words and speakers with the sound in two or three places before using measures made of words.",
    ),
    Check(
        "minutes", "Session time", "min", DOUBTFUL_MINUTES, False, "setting measures.miti_doubtful: expert opinion",
        "the session is short: counts are small and summaries doubtful",
        "Read counts, not ratios, and do not compare it with whole sessions.",
    ),
    Check(
        "word_confidence", "Confidence in words", "share", 0.75, False, OWN,
        "the recogniser was often unsure: words, codes and all that is made of them may be wrong",
        "Read along in the player. Name the language if it was guessed, or take a larger model (words.model), and run "
        "again.",
    ),
    Check(
        "wordless", "Speech without words", "share", 0.1, True, OWN,
        "there is speech in which no words were found: counts of words and codes are too low",
        "Listen to such a stretch: mumbling, another language, or sound that is no speech? A larger model may help.",
    ),
    Check(
        "invented", "Words left out as invented", "share", 0.02, True, OWN,
        "the recogniser made up words in silence or noise; those found were left out, others may be left",
        "Look at the transcript around long silences.",
    ),
    Check(
        "unplaced", "Words without a speaker", "share", 0.05, True, OWN,
        "words fit nobody's speech: shares of words and codes miss them",
        "Give the words to their speaker in the player, or run again with --force after checking the recording.",
    ),
    Check(
        "speaker_confidence", "Confidence in speakers", "share", 0.8, False, OWN,
        "who said what is often unsure: shares of talk, turns and all codes may be another's",
        "Check turns in the player and correct speakers. One channel a speaker (--channels) avoids it.",
    ),
    Check(
        "role_confidence", "Confidence in roles", "share", 0.9, False,
        f"the toolkit's own; under {LEAST_SURE:g} (roles.min_confidence) roles stay unknown",
        "therapist and client may be mixed up: every measure of a role would be the other's",
        "Listen to the first minute. Wrong: toolkit roles swap STUDY SESSION; right: toolkit roles set.",
    ),
    Check(
        "unnamed", "Speakers without a role", "speakers", 0.0, True, "any is too many",
        "it is not known who is therapist and who is client: no measure of a role has a value, or a part is missing",
        "Listen to the first minute, then: toolkit roles set STUDY SESSION.",
    ),
    Check(
        "speakers", "Speakers found", "speakers", 2.0, True, "a session of two; couples and groups are more",
        "more than two speakers were found: one person may have been taken for two",
        "If there were two, set speakers to 2 in sessions.csv and run again; if not, name the roles of all.",
    ),
    Check(
        "overlap", "Overlap", "share", 0.2, True, OWN,
        "much speech at once: bleed between channels, or two people heard as one",
        "Listen to such a stretch. With one channel a speaker see speakers.bleed_db.",
    ),
    Check(
        "doubtful_silence", "Doubtful silences", "silences", 3.0, True, OWN,
        "stretches without detected speech hold words or noise: silences may be missing from the count, or speech",
        "Look at them in the silence workbench, where each says what was found in it.",
    ),
)  # fmt: skip
