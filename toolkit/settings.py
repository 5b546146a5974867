"""Settings of a study: every threshold with its unit and source beside it, read from ``toolkit.toml``.

A setting is a field of one of the section classes below; its metadata carry the unit, the source and the range that
is allowed. Unknown names, wrong types and values out of range are refused with the dotted path and the nearest name.
"""

from __future__ import annotations

import dataclasses
import difflib
import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from toolkit.errors import ConfigError
from toolkit.formats import by_hand

__all__ = [
    "AudioSettings",
    "BatchSettings",
    "CodingSettings",
    "DialogueSettings",
    "MeasureSettings",
    "RoleSettings",
    "Settings",
    "SpeakerSettings",
    "WordSettings",
    "digest",
    "lists_digest",
    "load",
    "section",
    "setting",
    "to_toml",
]


def setting(
    default: Any,
    unit: str,
    source: str,
    *,
    low: float | None = None,
    high: float | None = None,
    one_of: tuple[str, ...] = (),
) -> Any:
    """Declare one setting: default, unit, source, and the allowed range or names."""
    return field(default=default, metadata={"unit": unit, "source": source, "low": low, "high": high, "one_of": one_of})


@dataclass(frozen=True, slots=True)
class AudioSettings:
    """Reading recordings."""

    max_hours: float = setting(4.0, "hours", "longer recordings are refused before they are decoded", low=0.01, high=24)
    min_seconds: float = setting(1.0, "s", "a shorter recording holds no session", low=0.1, high=60)
    length_tolerance: float = setting(
        0.005, "share", "decoded and declared length may differ by this much", low=0.0, high=1.0
    )
    accept_truncated: bool = setting(False, "true or false", "true: take a recording that ends before its header says")


@dataclass(frozen=True, slots=True)
class WordSettings:
    """Transcription."""

    backend: str = setting("faster-whisper", "name", "a transcriber of the backend table")
    model: str = setting("whisper-base", "name or path", "a model of the store, a hub name, or a folder")
    device: str = setting("auto", "name", "auto takes a GPU when there is one", one_of=("auto", "cpu", "cuda"))
    compute_type: str = setting("auto", "name", "auto is int8 on a CPU and float16 on a GPU")
    batch_size: int = setting(2, "chunks", "of each thread; more takes more memory", low=1, high=128)
    beam_size: int = setting(2, "beams", "no more errors than with 5, see docs/adr/0009", low=1, high=20)
    threads: int = setting(0, "threads", "0 is one for each core; how many changes no number", low=0, high=256)
    max_repeats: int = setting(3, "times", "a phrase said more often in a row is a loop of the model", low=2, high=20)


@dataclass(frozen=True, slots=True)
class SpeakerSettings:
    """Diarization."""

    backend: str = setting("pyannote", "name", "a diarizer of the backend table")
    pipeline: str = setting(
        "segmentation-3.0+campplus", "name or path", "or pyannote/speaker-diarization-community-1, or a folder"
    )
    device: str = setting("auto", "name", "auto takes a GPU when there is one", one_of=("auto", "cpu", "cuda"))
    segmentation_step: float = setting(
        0.2, "share of a chunk", "pyannote's stock step is 0.1, see docs/adr/0009; larger is faster", low=0.05, high=1.0
    )
    anchor_step: float = setting(
        10.0, "s", "between chunks whose voices are compared, see docs/adr/0009; 0 compares all", low=0.0, high=30.0
    )
    clustering_threshold: float = setting(0.7, "cosine distance", "see docs/accuracy.md", low=0.0, high=2.0)
    bleed_db: float = setting(
        12.0, "dB", "in a channel, speech this much quieter than the other's is bleed", low=0, high=60
    )


@dataclass(frozen=True, slots=True)
class DialogueSettings:
    """From words and speaker activity to utterances, turns and silences."""

    ipu_gap: float = setting(0.2, "s", "inter-pausal unit: Heldner & Edlund 2010", low=0.0, high=2.0)
    utterance_gap: float = setting(1.0, "s", "a longer pause ends an utterance", low=0.2, high=10)
    backchannel_max: float = setting(1.0, "s", "longest backchannel", low=0.1, high=3.0)
    backchannel_max_words: int = setting(3, "words", "longest backchannel", low=1, high=10)
    lapse_min: float = setting(3.0, "s", "a longer gap is a lapse", low=0.5, high=60)
    interruption_lead: float = setting(
        0.5, "s", "an interruption starts this long before the other ends", low=0.1, high=5.0
    )
    interruption_grace: float = setting(0.25, "s", "shorter overlap is no interruption", low=0.0, high=5.0)
    word_reach: float = setting(0.5, "s", "a word further from every speaker fits nobody", low=0.0, high=5.0)
    variety_window: int = setting(50, "words", "moving window of lexical diversity, see its entry", low=10, high=1000)
    lexicons: str = setting("", "folder", "own word lists, relative to this file: docs/languages.md; empty for none")
    noise_margin: float = setting(
        15.0, "dB", "a stretch less than this below the session's speech level is noise, not silence", low=0, high=60
    )
    noise_above: float = setting(
        6.0, "dB", "and only where it lies this much over the quietest tenth of the recording", low=0, high=60
    )


@dataclass(frozen=True, slots=True)
class RoleSettings:
    """Naming therapist and client, from enrolled voices where consent allows it and from what is said."""

    min_confidence: float = setting(0.8, "probability", "below it the roles stay unknown", low=0.5, high=1.0)
    backend: str = setting("lexical", "name", "lexical, or none to leave roles unknown", one_of=("lexical", "none"))
    voice_threshold: float = setting(
        0.6, "cosine", "a speaker less like an enrolled voice is not that person: docs/adr/0008-roles.md", low=0, high=1
    )
    voice_speech: float = setting(60.0, "s", "of each speaker, compared with enrolled voices", low=5, high=600)
    enroll_speech: float = setting(20.0, "s", "a recording with less speech enrols no voice", low=5, high=600)


@dataclass(frozen=True, slots=True)
class CodingSettings:
    """Behaviour codes."""

    coder: str = setting("trained", "name", "trained, rules, another coder of the backend table, or none")
    model: str = setting("en_core_web_sm", "name or path", "a spaCy pipeline of the model store, or a folder")
    weights: str = setting("built-in", "name or path", "of the trained coder: built-in, or a folder of its own")


@dataclass(frozen=True, slots=True)
class MeasureSettings:
    """Thresholds of the measures."""

    silence_min: float = setting(3.0, "s", "PICS: Levitt 2001; Frankel et al. 2006", low=0.2, high=60)
    window: float = setting(300.0, "s", "windows of talk_balance and of the drift of codes", low=10, high=7200)
    wait_max: float = setting(30.0, "s", "a later answer is no answer to the question", low=3, high=600)
    confidence_level: float = setting(0.9, "probability", "of every interval", low=0.5, high=0.999)
    style_words: int = setting(
        50, "words", "of a role with fewer, style is not compared: one word is 2 % of them", low=1, high=10_000
    )
    miti_counts_only: float = setting(
        300.0, "s", "in a shorter session only counts mean anything: expert opinion, no norm", low=0, high=3600
    )
    miti_doubtful: float = setting(
        600.0, "s", "of a shorter session MITI's summaries are doubtful: expert opinion, no norm", low=0, high=3600
    )
    sample_length: float = setting(1200.0, "s", "MITI 4.2.1: a random 20-minute segment", low=60, high=7200)
    share_width_max: float = setting(0.8, "share", "a share with a wider interval is not shown", low=0.1, high=1)
    ratio_factor_max: float = setting(
        5.0,
        "times",
        "a ratio is not shown when the interval's upper end is more than this times the lower",
        low=1,
        high=1000,
    )
    sample_seed: int = setting(1, "number", "another seed draws other segments", low=0, high=1_000_000)


@dataclass(frozen=True, slots=True)
class BatchSettings:
    """How a run of many sessions guards itself; no result depends on these."""

    deadline_base: float = setting(
        600.0, "s", "a session is ended this long after it began, and ...", low=1, high=86400
    )
    deadline_factor: float = setting(
        10.0,
        "times its length",
        "... this much of its own length later: slower than any CPU measured",
        low=0,
        high=1000,
    )
    memory_max: float = setting(
        0.0, "GB", "a worker that grows beyond is replaced; 0: its share of the machine", low=0, high=4096
    )


@dataclass(frozen=True, slots=True)
class Settings:
    """All sections of ``toolkit.toml``."""

    audio: AudioSettings = AudioSettings()
    words: WordSettings = WordSettings()
    speakers: SpeakerSettings = SpeakerSettings()
    dialogue: DialogueSettings = DialogueSettings()
    roles: RoleSettings = RoleSettings()
    coding: CodingSettings = CodingSettings()
    measures: MeasureSettings = MeasureSettings()
    batch: BatchSettings = BatchSettings()


def load(path: Path) -> Settings:
    """Read settings; what the file leaves out has its default.

    Parameters
    ----------
    path
        A ``toolkit.toml``.

    Raises
    ------
    ConfigError
        When the file cannot be read, is no TOML, or holds an unknown name, a wrong type or a value out of range.
    """
    try:
        tables = by_hand.toml(by_hand.read(path, most=by_hand.SETTINGS).decode("utf-8-sig"))
    except FileNotFoundError:
        raise ConfigError(f"no {path.name} here.", hint="Make the study with: toolkit init STUDY") from None
    except OSError as error:
        raise ConfigError(f"{path.name} cannot be read: {error.strerror or type(error).__name__}.") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path.name} cannot be read.", hint="It must be UTF-8 text.") from None
    except by_hand.TomlError as error:
        raise ConfigError(f"{path.name} is no valid TOML: {error}.") from None
    return located(from_tables(tables), path.parent)


def located(settings: Settings, folder: Path) -> Settings:
    """The same settings with the folder of word lists as a full path; a study names it relative to itself."""
    if not settings.dialogue.lexicons:
        return settings
    lists = folder / settings.dialogue.lexicons
    if not lists.is_dir():
        raise ConfigError(
            f"setting dialogue.lexicons: there is no folder {lists.name}.", hint="Give it relative to toolkit.toml."
        )
    return dataclasses.replace(settings, dialogue=dataclasses.replace(settings.dialogue, lexicons=str(lists)))


def with_coder(settings: Settings, coder: str) -> Settings:
    """The same settings with another coder; as they are for an empty name."""
    if not coder:
        return settings
    return dataclasses.replace(settings, coding=dataclasses.replace(settings.coding, coder=coder))


def from_tables(tables: dict[str, Any]) -> Settings:
    """Build settings from the tables of a TOML file, checking each name and value."""
    sections: dict[str, type] = {f.name: type(f.default) for f in dataclasses.fields(Settings)}
    built: dict[str, Any] = {}
    for name, table in tables.items():
        if name not in sections:
            raise ConfigError(f"unknown section [{name}] in toolkit.toml.", hint=nearest(name, sections))
        if not isinstance(table, dict):
            raise ConfigError(f"[{name}] in toolkit.toml must be a section.", hint=f"Write [{name}] on its own line.")
        built[name] = section(sections[name], name, table)
    return Settings(**built)


def section(cls: type, name: str, table: dict[str, Any], *, file: str = "toolkit.toml") -> Any:
    """Build one section of a file."""
    known = {f.name: f for f in dataclasses.fields(cls)}
    for key, value in table.items():
        if key not in known:
            raise ConfigError(f"unknown setting {name}.{key} in {file}.", hint=nearest(key, known, prefix=f"{name}."))
        check(f"{name}.{key}", value, known[key])
    # an integer given for a float setting becomes a float, so that both spellings have the same digest
    return cls(**{k: float(v) if isinstance(known[k].default, float) else v for k, v in table.items()})


def check(path: str, value: Any, declared: dataclasses.Field[Any]) -> None:
    """Refuse a value of the wrong type or outside the declared range."""
    wanted = type(declared.default)
    accepted = (int, float) if wanted is float else (wanted,)
    if not isinstance(value, accepted) or (isinstance(value, bool) and wanted is not bool):
        raise ConfigError(f"setting {path} must be of type {wanted.__name__}, found {type(value).__name__}.")
    low, high, one_of = (declared.metadata[k] for k in ("low", "high", "one_of"))
    if low is not None and not low <= value <= high:
        raise ConfigError(f"setting {path} = {value} is out of range.", hint=f"Allowed: {low} to {high}.")
    if one_of and value not in one_of:
        raise ConfigError(f"setting {path} = {value!r} is not known.", hint=f"One of: {', '.join(one_of)}.")


def nearest(name: str, known: Any, *, prefix: str = "") -> str:
    """Suggest the known name that looks most like the one given."""
    match = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f"Did you mean {prefix}{match[0]}?" if match else f"Known: {', '.join(prefix + k for k in known)}."


def to_toml(settings: Settings) -> str:
    """Write settings as TOML, each with its unit and source beside it."""
    lines = ["# Settings of this study. A line may be left out: it then has the default.", ""]
    for part in dataclasses.fields(settings):
        lines.append(f"[{part.name}]")
        values = getattr(settings, part.name)
        for f in dataclasses.fields(values):
            value = json.dumps(getattr(values, f.name))
            lines.append(f"{f.name} = {value}  # {f.metadata['unit']}; {f.metadata['source']}")
        lines.append("")
    return "\n".join(lines)


def digest(settings: Settings) -> str:
    """SHA-256 of the settings in canonical form: the same values give the same digest, wherever the study lies.

    Those that no result depends on, of a batch and of threads, are left out.
    """
    values = dataclasses.asdict(settings)
    del values["batch"], values["words"]["threads"]
    values["dialogue"]["lexicons"] = lists_digest(settings.dialogue.lexicons)
    canonical = json.dumps(values, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def lists_digest(folder: str) -> str:
    """SHA-256 over a folder of word lists, so that a changed list counts as a changed setting; empty for none."""
    if not folder:
        return ""
    found = {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in Path(folder).glob("*.toml")}
    return hashlib.sha256(json.dumps(sorted(found.items())).encode()).hexdigest()
