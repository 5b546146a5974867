"""Parts of ``pipelines/benchmark.py``: the peers' environment, one measured process, the chains, the page."""
