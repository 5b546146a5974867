"""What exports are called on the command line: loads nothing, so that help is there at once."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Format", "Labels"]


class Format(StrEnum):
    """What can be exported; `toolkit.formats.registry` says what each carries."""

    RTTM = "rttm"
    VTT = "vtt"
    SRT = "srt"
    WHISPERX = "whisperx"
    TEXTGRID = "textgrid"
    EAF = "eaf"
    CHAT = "chat"
    SEGLST = "seglst"
    STM = "stm"
    CTM = "ctm"
    TRANSCRIPT_CSV = "transcript-csv"
    MAXQDA = "maxqda"
    ATLASTI = "atlasti"
    NVIVO = "nvivo"
    QDPX = "qdpx"
    VCON = "vcon"
    BIDS = "bids"
    JSON = "json"
    CSV = "csv"
    PARQUET = "parquet"


class Labels(StrEnum):
    """What speakers are called."""

    ROLE = "role"
    SPEAKER = "speaker"
