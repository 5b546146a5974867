"""ELAN's EAF, version 3.0: tiers of utterances, words, turns, codes and silences, codes with a controlled vocabulary.

Read are tiers whose annotations have times (time slots without one get theirs by the neighbours'); tiers that depend
on another's annotations are passed over. A tier's speaker is its PARTICIPANT, else its name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from toolkit.errors import InputError
from toolkit.formats import xml_file
from toolkit.formats.conversation import LONGEST, Conversation
from toolkit.formats.tiers import CODES, MACHINE, Label, Tier, conversation_of, thing_of, tiers_of
from toolkit.formats.xml_file import ET, plain
from toolkit.types import Code

__all__ = ["NONE", "SCHEMA", "dump", "load"]

XSI = "http://www.w3.org/2001/XMLSchema-instance"
SCHEMA = "http://www.mpi.nl/tools/elan/EAFv3.0.xsd"
NO_DATE = "1970-01-01T00:00:00+00:00"
"""In place of the day it was written, so that the same session gives the same bytes."""

VOCABULARY = "codes"
NONE = "none"
"""What a human writes who finds no code."""

LANGUAGE = "und"


def load(text: str, name: str) -> Conversation:
    """The tiers of a file.

    Raises
    ------
    InputError
        When it is no EAF, or an annotation has no time: the message names the tier by its place.
    """
    root = xml_file.read(text, name)
    if root.tag != "ANNOTATION_DOCUMENT":
        raise InputError(f"{name} is no EAF: its root is no ANNOTATION_DOCUMENT.")
    slots = slots_of(root, name)
    named = []
    for place, tier in enumerate(root.iter("TIER"), start=1):
        labels = [label(a, slots, f"{name}, tier {place}") for a in tier.iter("ALIGNABLE_ANNOTATION")]
        identity = tier.get("TIER_ID", "")
        ours = "@" in identity and thing_of(identity)[0] != "utterances"
        speaker = "" if ours else tier.get("PARTICIPANT", "").strip()
        named.append((identity, speaker, sorted(labels, key=lambda x: (x.start, x.end))))
    language = next((e.get("LANG_ID", "") for e in root.iter("LANGUAGE") if e.get("LANG_ID") != LANGUAGE), "")
    return conversation_of(named, language=language, duration=max(slots.values(), default=0.0))


def slots_of(root: ET.Element, name: str) -> dict[str, float]:
    """Seconds of each time slot; those without a time lie evenly between their neighbours in the file."""
    order = [(slot.get("TIME_SLOT_ID", ""), slot.get("TIME_VALUE")) for slot in root.iter("TIME_SLOT")]
    times: list[float | None] = []
    for place, (_, value) in enumerate(order, start=1):
        if value is not None and (not value.isdecimal() or int(value[:12]) / 1000 > LONGEST):
            raise InputError(f"{name}, time slot {place}: it must be whole milliseconds.")
        times.append(None if value is None else int(value) / 1000)
    found: dict[str, float] = {}
    last, waiting = 0.0, list[str]()
    for (identity, _), time in zip(order, times, strict=True):
        if time is None:
            waiting.append(identity)
            continue
        for n, open_ in enumerate(waiting, start=1):
            found[open_] = last + (max(time, last) - last) * n / (len(waiting) + 1)
        found[identity], last, waiting = time, time, []
    return found | dict.fromkeys(waiting, last)


def label(annotation: ET.Element, slots: dict[str, float], where: str) -> Label:
    """One annotation."""
    edges = [slots.get(annotation.get(f"TIME_SLOT_REF{n}", "")) for n in (1, 2)]
    if edges[0] is None or edges[1] is None or edges[1] < edges[0]:
        raise InputError(f"{where}: an annotation has no time slots, or ends before it starts.")
    return Label(edges[0], edges[1], annotation.findtext("ANNOTATION_VALUE") or "")


def dump(conversation: Conversation) -> str:
    """All tiers of a conversation."""
    root = ET.Element(
        "ANNOTATION_DOCUMENT",
        {
            "AUTHOR": "",
            "DATE": NO_DATE,
            "FORMAT": "3.0",
            "VERSION": "3.0",
            "xmlns:xsi": XSI,
            "xsi:noNamespaceSchemaLocation": SCHEMA,
        },
    )
    ET.SubElement(root, "HEADER", MEDIA_FILE="", TIME_UNITS="milliseconds")
    tiers = tiers_of(conversation)
    times = sorted({milliseconds(t) for tier in tiers for x in tier.labels for t in (x.start, x.end)})
    slots = {time: f"ts{place}" for place, time in enumerate(times, start=1)}
    order = ET.SubElement(root, "TIME_ORDER")
    for time, slot in slots.items():
        ET.SubElement(order, "TIME_SLOT", TIME_SLOT_ID=slot, TIME_VALUE=str(time))
    numbers = iter(range(1, 1 + sum(len(tier.labels) for tier in tiers)))
    for tier in tiers:
        root.append(element(tier, slots, numbers))
    for kind in dict.fromkeys(tier.thing for tier in tiers):
        bound = {"CONTROLLED_VOCABULARY_REF": VOCABULARY} if kind in {CODES, MACHINE} else {}
        ET.SubElement(
            root,
            "LINGUISTIC_TYPE",
            {"GRAPHIC_REFERENCES": "false", "LINGUISTIC_TYPE_ID": kind, "TIME_ALIGNABLE": "true", **bound},
        )
    for code in dict.fromkeys((LANGUAGE, conversation.language or LANGUAGE)):
        ET.SubElement(root, "LANGUAGE", LANG_ID=code, LANG_DEF="", LANG_LABEL=code)
    root.append(vocabulary())
    return xml_file.written(root)


def milliseconds(time: float) -> int:
    """Seconds as ELAN counts time."""
    return round(time * 1000)


def element(tier: Tier, slots: dict[int, str], numbers: Iterator[int]) -> ET.Element:
    """One tier."""
    found = ET.Element("TIER", LINGUISTIC_TYPE_REF=tier.thing, TIER_ID=plain(tier.name))
    if tier.speaker:
        found.set("PARTICIPANT", plain(tier.speaker))
    for x in tier.labels:
        outer = ET.SubElement(found, "ANNOTATION")
        inner = ET.SubElement(
            outer,
            "ALIGNABLE_ANNOTATION",
            ANNOTATION_ID=f"a{next(numbers)}",
            TIME_SLOT_REF1=slots[milliseconds(x.start)],
            TIME_SLOT_REF2=slots[milliseconds(x.end)],
        )
        if tier.thing in {CODES, MACHINE} and x.text in set(entries()):
            inner.set("CVE_REF", f"cve_{x.text}")
        ET.SubElement(inner, "ANNOTATION_VALUE").text = plain(x.text)
    return found


def entries() -> Iterable[str]:
    """Everything a code may be."""
    return (*Code, NONE)


def vocabulary() -> ET.Element:
    """The codes one may choose from."""
    found = ET.Element("CONTROLLED_VOCABULARY", CV_ID=VOCABULARY)
    ET.SubElement(found, "DESCRIPTION", LANG_REF=LANGUAGE).text = "Behaviour codes of motivational interviewing"
    for entry in entries():
        outer = ET.SubElement(found, "CV_ENTRY_ML", CVE_ID=f"cve_{entry}")
        ET.SubElement(outer, "CVE_VALUE", LANG_REF=LANGUAGE).text = str(entry)
    return found
