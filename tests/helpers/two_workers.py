"""A Dask cluster of two processes on this machine, for the tests that kill one of them."""

import logging
from contextlib import contextmanager

import pytest

from prunelab.plans import executors


@contextmanager
def two_workers():
    """`with` it as (executor, a function that tells the process ids); skips without Dask."""
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            dashboard_address=None,
            silence_logs=logging.CRITICAL,
            protocol="tcp",
        ) as cluster,
        executors.dask_executor(cluster.scheduler_address) as executor,
    ):
        yield (
            executor,
            lambda: [w.process.pid for w in cluster.workers.values() if w.process is not None],
        )
