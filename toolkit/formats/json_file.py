"""What the JSON formats share: reading a file that may be hostile, and saying where a mistake is."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from toolkit.errors import InputError

__all__ = ["entries", "number", "parsed", "text_of"]


def parsed(text: str, name: str) -> Any:
    """The content of a JSON file.

    Raises
    ------
    InputError
        When it is no JSON, with the line, or nested without end.
    """
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise InputError(f"{name}, line {error.lineno}: no valid JSON ({error.msg}).") from None
    except RecursionError:
        raise InputError(f"{name}: its JSON is nested too deep.", hint="Is this the right file?") from None
    except ValueError:  # a number of thousands of digits
        raise InputError(f"{name}: it holds a number that no file of words has.") from None


def entries(value: Any, name: str, what: str) -> list[Mapping[str, Any]]:
    """A list of JSON objects.

    Raises
    ------
    InputError
        When it is none; `what` names its entries.
    """
    if not isinstance(value, list):
        raise InputError(f"{name}: its {what}s must be a list.")
    for place, entry in enumerate(value):
        if not isinstance(entry, dict):
            raise InputError(f"{name}, {what} {place}: it must be an object.")
    return value


def number(entry: Mapping[str, Any], key: str, where: str) -> float:
    """A finite number, given as one or as text.

    Raises
    ------
    InputError
        When it is not there or is none; the message begins with `where`.
    """
    value = entry.get(key)
    try:
        found = float(value) if isinstance(value, (int, float, str)) and not isinstance(value, bool) else math.nan
    except (ValueError, OverflowError):
        found = math.nan
    if not math.isfinite(found):
        raise InputError(f"{where}: {key} is missing, or no number.")
    return found


def text_of(entry: Mapping[str, Any], key: str, where: str) -> str:
    """A text, white space made single; empty where there is none.

    Raises
    ------
    InputError
        When it is something else; the message begins with `where`.
    """
    value = entry.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise InputError(f"{where}: {key} must be text.")
    return " ".join(value.split())
