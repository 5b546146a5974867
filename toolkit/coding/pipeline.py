"""The English spaCy pipeline that both coders parse with."""

from __future__ import annotations

from typing import Any

from toolkit import models
from toolkit.errors import BackendError
from toolkit.types import Missing

__all__ = ["english", "only_english"]


def english(name: str) -> tuple[Any, dict[str, str]]:
    """Load an English pipeline with tagger, parser and lemmatizer, and add the finder of cues to it.

    Parameters
    ----------
    name
        A pipeline of the model store, or a folder.

    Returns
    -------
    tuple
        The pipeline, and name, hash and version for the provenance.

    Raises
    ------
    BackendError
        When the model is not there or is no such pipeline.
    """
    import spacy

    from toolkit.coding import factories  # noqa: F401  (importing it registers mi_cues)

    folder = models.path(name)
    try:
        nlp = spacy.load(folder, exclude=["ner", "senter"])
    except (OSError, ValueError, ImportError) as error:
        raise BackendError(
            f"the spaCy pipeline {folder.name} cannot be loaded: {type(error).__name__}.",
            hint="Fetch it again with: toolkit models fetch en_core_web_sm",
        ) from None
    lacking = {"tagger", "parser", "lemmatizer"} - set(nlp.pipe_names)
    if lacking or nlp.lang != "en":
        raise BackendError(
            f"the spaCy pipeline {folder.name} is no English one with tagger, parser and lemmatizer.",
            hint='Use coding.model = "en_core_web_sm".',
        )
    nlp.add_pipe("mi_cues", last=True)
    return nlp, {"model": name, "model_sha256": models.sha256(name), "spacy": spacy.__version__}


def only_english(language: str, coder: str) -> Missing | None:
    """Why a coder of English codes nothing in this language; None where it does."""
    if language.lower().replace("_", "-").split("-")[0] == "en":
        return None
    said = f"the session's language is {language!r}" if language else "the session's language is not known"
    return Missing(f"{coder} knows English only; {said}")
