"""What the XML formats share: reading a file that may be hostile, and writing one byte for byte the same."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from toolkit.errors import InputError

__all__ = ["ET", "plain", "read", "written"]

DEEPEST = 64  # elements inside each other: what is nested deeper is no annotation


def read(text: str, name: str) -> ET.Element:
    """The root of an XML file.

    Raises
    ------
    InputError
        When it is no XML, with the line, or has a document type, entities or nesting without end: nothing is expanded
        and nothing is fetched.
    """
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import XMLParser

    target = Shallow(name)
    parser = XMLParser(target=target, forbid_dtd=True)
    try:
        parser.feed(text)
        root: ET.Element = parser.close()
    except DefusedXmlException:
        raise InputError(f"{name} has a document type or entities; that is not read.") from None
    except ET.ParseError as error:
        raise InputError(f"{name}, line {error.position[0]}: no well-formed XML.") from None
    except ValueError:
        raise InputError(f"{name} is no XML.") from None
    return root


class Shallow(ET.TreeBuilder):
    """Builds the tree, and refuses one that is nested too deep."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name
        self.depth = 0

    def start(self, tag: str, attrs: dict[str, str]) -> ET.Element:
        """An element begins."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise InputError(f"{self.name}: its elements are nested too deep.")
        return super().start(tag, attrs)

    def end(self, tag: str) -> ET.Element:
        """An element ends."""
        self.depth -= 1
        return super().end(tag)


def written(root: ET.Element) -> str:
    """An element as an XML file, indented."""
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def plain(text: str) -> str:
    """A text without the characters that XML cannot hold."""
    return "".join(
        c for c in text if c in "\t\n" or (c >= " " and not "\ud800" <= c <= "\udfff" and c not in "\ufffe\uffff")
    )
