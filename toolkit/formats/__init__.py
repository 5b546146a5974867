"""File formats, one module a format: nothing else in the toolkit knows how a file is written."""
