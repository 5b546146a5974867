"""REFI-QDA project (.qdpx, version 1.0): the transcript as a text source, the code book, and what was coded where.

A zip archive of ``project.qde`` and ``sources/GUID.txt``. MAXQDA, ATLAS.ti, NVivo and QDA Miner read it. Positions
count characters of the text, as the standard says. The two coders are users: ``machine`` and ``human``.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping

from toolkit.formats import xml_file
from toolkit.formats.archive import packed
from toolkit.formats.conversation import Coded, Conversation
from toolkit.formats.qda_text import paragraph
from toolkit.formats.segment import Segment, by_time
from toolkit.formats.xml_file import ET, plain

__all__ = ["dump"]

NAMESPACE = "urn:QDA-XML:project:1.0"
SPACE = uuid.UUID("5d1c1a3e-7a0a-5c4e-9b1e-2f6d2f0f8c11")  # ours: the same session gives the same identifiers


def dump(conversation: Conversation, descriptions: Mapping[str, str]) -> bytes:
    """A project of one source.

    Parameters
    ----------
    conversation
        Segments and codes are written.
    descriptions
        What each code means; those that are used and not in it stand without.
    """
    source = guid(conversation, "source")
    text, places = laid_out(conversation)
    root = ET.Element(
        "Project",
        {
            "xmlns": NAMESPACE,
            "name": plain(conversation.session_id) or "session",
            "origin": "Counselling session toolkit",
        },
    )
    users = ET.SubElement(root, "Users")
    for name in ("machine", "human"):
        ET.SubElement(users, "User", guid=guid(conversation, name), name=name)
    used = dict.fromkeys(code for c in conversation.codes for code in c.codes)
    codes = {code: guid(conversation, f"code {code}") for code in {**descriptions, **used}}
    shelf = ET.SubElement(ET.SubElement(root, "CodeBook"), "Codes")
    for code, identity in codes.items():
        entry = ET.SubElement(shelf, "Code", guid=identity, name=code, isCodable="true")
        if descriptions.get(code):
            ET.SubElement(entry, "Description").text = plain(descriptions[code])
    found = ET.SubElement(
        ET.SubElement(root, "Sources"),
        "TextSource",
        guid=source,
        name=plain(conversation.session_id) or "session",
        plainTextPath=f"internal://{source}.txt",
    )
    for selection in selections(conversation, places, codes):
        found.append(selection)
    return packed({"project.qde": xml_file.written(root).encode(), f"sources/{source}.txt": text.encode()})


def guid(conversation: Conversation, what: str) -> str:
    """An identifier of something in this project."""
    return str(uuid.uuid5(SPACE, f"{conversation.session_id}/{what}"))


def laid_out(conversation: Conversation) -> tuple[str, dict[Segment, tuple[int, int]]]:
    """The text of the source, and from which character up to which each segment stands in it."""
    lines, places, now = list[str](), dict[Segment, tuple[int, int]](), 0
    for segment in sorted(conversation.segments, key=by_time):
        line = paragraph(segment)
        places[segment] = (now, now + len(line))
        lines.append(line)
        now += len(line) + 1
    return "\n".join(lines) + "\n", places


def selections(
    conversation: Conversation, places: Mapping[Segment, tuple[int, int]], codes: Mapping[str, str]
) -> Iterator[ET.Element]:
    """What was coded, each stretch with its codes."""
    at = {(s.start, s.end, s.speaker): place for s, place in places.items()}
    for number, coded in enumerate(conversation.codes):
        place = at.get((coded.start, coded.end, coded.speaker))
        if place is not None:
            yield selection(conversation, number, coded, place, codes)


def selection(
    conversation: Conversation, number: int, coded: Coded, place: tuple[int, int], codes: Mapping[str, str]
) -> ET.Element:
    """One stretch of the text with its codes."""
    user = guid(conversation, "human" if coded.human else "machine")
    found = ET.Element(
        "PlainTextSelection",
        guid=guid(conversation, f"selection {number}"),
        name=f"{coded.start:.3f} s",
        startPosition=str(place[0]),
        endPosition=str(place[1]),
        creatingUser=user,
    )
    for code in coded.codes:
        inner = ET.SubElement(found, "Coding", guid=guid(conversation, f"coding {number} {code}"), creatingUser=user)
        ET.SubElement(inner, "CodeRef", targetGUID=codes[code])
    return found
