"""Many runs: configs come in, their records go out, from the cache or trained by worker processes.

`runner` has `run_all`. It hands configs to a `worker_pool`, or to a Dask `cluster`, and shows
`progress`; `heartbeats` and `status` tell other processes how far it is.
"""
