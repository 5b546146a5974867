"""Parts of ``pipelines/train_coder.py``: reading AnnoMI, the network, the linear model, joining them, the report."""
