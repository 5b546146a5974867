"""Behaviour codes of motivational interviewing: the code book and the coder that works by rules."""
