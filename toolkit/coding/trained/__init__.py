"""The trained coder: a small encoder and a linear model, joined by a calibrated regression, as a spaCy component.

``reading`` and ``encoder`` make the first half, ``linear`` the second, ``heads`` joins them; ``weights`` reads what was
learnt, ``component`` puts it into spaCy, ``coder`` gives codes with their evidence. Made by
``pipelines/train_coder.py``; what it can do and what it cannot stands in ``model/MODEL_CARD.md``.
"""
