"""Compare the syllable rules of each language with a pronouncing program that we did not write.

Usage::

    apt-get install espeak-ng
    pip install wordfreq
    python pipelines/measure_syllables.py                   # the table of docs/languages.md
    python pipelines/measure_syllables.py de --misses 40    # and the commonest words that differ

The reference is espeak-ng's pronunciation: every phoneme that begins with a vowel is a syllable. It is a program and no
native speaker, and it reads words one by one; what it says in another language is left out. The words are the 3,000
commonest of wordfreq, weighed by how often they are used for the share of running words.
"""

from __future__ import annotations

import argparse
import re
import subprocess

from toolkit import lexicon
from toolkit.syllables import count

VOICES = {"en": "en-us", "de": "de", "es": "es", "fr": "fr-fr", "nl": "nl", "pt": "pt"}
VOWEL = re.compile("^[ˈˌ]*[aeiouyæøœɐɑɒɔəɘɛɜɞɤɨɪɯɵʉʊʌʏɶᵻɚɝ]")  # noqa: RUF001 - the phonetic alphabet is meant
SYLLABIC = re.compile("[nlmɹ]̩")
WORDS = 3000


def pronounced(words: list[str], voice: str) -> list[int | None]:
    """Syllables of each word as espeak-ng says it; None where it takes the word for another language's."""
    told = subprocess.run(
        ["espeak-ng", "-q", "--ipa", "--sep=_", "-v", voice],
        input="\n".join(words),
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    lines = [line.strip() for line in told if line.strip()]
    if len(lines) != len(words):
        raise SystemExit(f"espeak-ng said {len(lines)} lines for {len(words)} words")
    return [None if "(" in line else sounds(line) for line in lines]


def sounds(line: str) -> int:
    """Vowels and syllabic consonants of one word's phonemes."""
    return sum(bool(VOWEL.match(p) or SYLLABIC.search(p)) for p in re.split(r"[_ ]+", line))


def common(language: str) -> list[tuple[str, float]]:
    """The commonest words of a language and how often they are used."""
    from wordfreq import top_n_list, word_frequency

    words = [w for w in top_n_list(language, WORDS + 1500) if w.isalpha() and len(w) > 1][:WORDS]
    return [(w, word_frequency(w, language)) for w in words]


def compare(language: str, misses: int) -> None:
    """Print one row of the table, and the commonest words that differ."""
    lists = lexicon.load(language)
    words = common(language)
    said = pronounced([w for w, _ in words], VOICES[language])
    rows = [(w, weight, count(w, lists), told) for (w, weight), told in zip(words, said, strict=True) if told]
    same = [(w, weight) for w, weight, ours, told in rows if ours == told]
    types, running = len(same) / len(rows), sum(x for _, x in same) / sum(x for _, x, _, _ in rows)
    ours, theirs = sum(x * o for _, x, o, _ in rows), sum(x * t for _, x, _, t in rows)
    print(f"| {lists.name} | {len(rows)} | {types:.1%} | {running:.1%} | {ours / theirs - 1:+.1%} |")
    for word, _, ours_, told in [row for row in rows if row[2] != row[3]][:misses]:
        print(f"    {word}: {ours_}, espeak-ng {told}")


def main() -> None:
    """Compare the languages asked for, all by default."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("languages", nargs="*", metavar="LANGUAGE", help=f"of {', '.join(VOICES)}")
    parser.add_argument("--misses", type=int, default=0)
    chosen = parser.parse_args()
    print(
        "| language | words | words right | running words right | syllables in all |\n| --- | --- | --- | --- | --- |"
    )
    for language in chosen.languages or VOICES:
        compare(language, chosen.misses)


if __name__ == "__main__":
    main()
