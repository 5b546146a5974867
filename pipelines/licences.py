"""Print the licence of every package that is installed here; fail when one is unknown or would bind our users.

Run by ``make licences``. The lock decides what is installed, so run it after ``make lock``.
"""

from __future__ import annotations

import re
import sys
from importlib.metadata import Distribution, distributions
from pathlib import Path

BINDING = re.compile(r"\b(A?GPL|GNU (Affero )?General Public)", re.IGNORECASE)
LESSER = re.compile(r"\bL(esser )?(GPL|General)|Lesser|MPL", re.IGNORECASE)
KNOWN = {
    # packages whose metadata and files say nothing, looked up on their pages
    "cuda-toolkit": "NVIDIA Software License (proprietary, redistributed by NVIDIA)",
}
TOOLS = {"codespell"}  # reads our text when we lint: neither imported nor handed on, so its licence binds nothing here
TITLES = (
    "MIT License",
    "Apache License",
    "BSD 3-Clause",
    "BSD 2-Clause",
    "Redistribution and use in source and binary",
)


def licence(package: Distribution) -> str:
    """The licence by the metadata: the expression, the classifiers, or the first line of the field."""
    told = package.metadata
    if expression := told.get("License-Expression"):
        return expression
    found = [c.rpartition(" :: ")[2] for c in told.get_all("Classifier") or () if c.startswith("License ::")]
    if found:
        return ", ".join(found)
    lines = (told.get("License") or "").strip().splitlines()
    return lines[0][:60] if lines else KNOWN.get(package.name.lower()) or by_file(package)


def by_file(package: Distribution) -> str:
    """The licence by the text that the package brings; empty when there is none that is known."""
    for path in package.files or ():
        if path.name.upper().startswith(("LICENSE", "LICENCE", "COPYING")):
            text = Path(path.locate()).read_text(encoding="utf-8", errors="replace")[:2000]
            found = next((title for title in TITLES if title in text), "")
            if found:
                return f"{found} (by its file)"
            if "Permission is hereby granted, free of charge" in text:
                return "MIT (by its file)"
    return ""


def main() -> int:
    """One line a package; 1 when something is to be looked at."""
    rows = sorted({(p.name, p.version, licence(p)) for p in distributions()})
    for name, version, told in rows:
        print(f"{name:<36} {version:<14} {told or 'UNKNOWN'}")
    binding = {name for name, _, told in rows if BINDING.search(told) and not LESSER.search(told)}
    doubtful = [name for name, _, told in rows if not told or name in binding - TOOLS]
    if doubtful:
        print(f"\nto be looked at: {', '.join(doubtful)}", file=sys.stderr)
    return 1 if doubtful else 0


if __name__ == "__main__":
    sys.exit(main())
