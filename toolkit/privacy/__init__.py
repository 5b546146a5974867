"""Identifiers in what was said: found and replaced, for a draft that a person reviews.

`finding` finds them (Presidio with a local spaCy model, rules for speech, known names), `patterns` holds the rules,
`surrogates` says what stands in their place, `synthetic` makes sentences with known identifiers and `leaks` measures
how many are found in them. Nothing here calls a text de-identified: that is for a person to say, who signs it off.
"""
