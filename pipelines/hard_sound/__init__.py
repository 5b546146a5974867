"""Parts of ``pipelines/hard_audio.py``: what is done to sound, what becomes of its truth, the files."""
