"""Engines of a run beyond this machine: Dask `distributed` on a cluster that is there, or started by its job scheduler.

`dask` works with a scheduler that somebody started; `jobs` has SLURM or PBS start the workers, by dask-jobqueue.
`crew` gives out the sessions, one to each worker, `plugin` is what runs in a worker, `addresses` says which addresses
may be used and with which certificates, and `config` reads ``cluster.toml``.

Nothing but session ids goes to a worker, once it knows the study's folder, and nothing but an `Outcome` comes back:
models are loaded in the worker and stay there, recordings are read and results published by the worker, on a disk that
it shares with whoever runs the batch.
"""

from toolkit.engines.addresses import checked
from toolkit.engines.config import Cluster, load
from toolkit.engines.dask import Dask
from toolkit.engines.jobs import Jobs

__all__ = ["Cluster", "Dask", "Jobs", "checked", "load"]
