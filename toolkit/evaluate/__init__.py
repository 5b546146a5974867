"""Results compared with references: `metrics` (the scores), `compare` (one session), `study` and `report`."""
