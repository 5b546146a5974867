"""Identifiers in what was said: found and replaced, for a draft that a person reviews.

`finding` finds them: Presidio with a local spaCy model, known names, and one file of rules a class (`persons` with
`somebody`, `places`, `organisations` with `signs`, `dates`, `ages`, `contacts`, `numbers`), which read a text without
its hesitations (`fluent`) word by word (`talk`). Their words are in ``rules.toml`` and `gazetteer`. `surrogates` says
what stands in their place, and `silencing` which sound; `synthetic` makes sentences with known identifiers and `leaks`
measures how many are found in them. Nothing here calls a text de-identified: that is for a person to say, who signs it
off.
"""
