"""A stage's result is kept under the digest of what it reads: `keys` names it, `kept` keeps it, `side` runs two."""
