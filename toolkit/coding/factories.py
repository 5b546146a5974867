"""spaCy's way to our components: importing this module registers them, and the package's entry points name it.

``mi_cues`` finds the rules' cues, ``mi_coder`` gives each utterance the trained coder's probabilities. So
``nlp.add_pipe("mi_cues"); nlp.add_pipe("mi_coder")`` works in any English pipeline with tagger, parser and lemmatizer
as soon as the toolkit is installed.
"""

from __future__ import annotations

from typing import Any

from spacy.language import Language

from toolkit.coding import cues
from toolkit.coding.trained.component import MiCoder, extend_docs
from toolkit.coding.trained.weights import BUILT_IN, Weights

__all__ = ["mi_coder", "mi_cues"]


def mi_cues(nlp: Any, name: str) -> Any:
    """The finder of cues, see `toolkit.coding.cues`."""
    del nlp, name
    return cues.make_finder()


def mi_coder(nlp: Any, name: str, weights: str, threads: int) -> MiCoder:
    """The trained coder, see `toolkit.coding.trained.component`."""
    del nlp, name
    extend_docs()
    return MiCoder(Weights(weights), threads=threads)


Language.factory("mi_cues", func=mi_cues)
Language.factory("mi_coder", default_config={"weights": BUILT_IN, "threads": 0}, func=mi_coder)
