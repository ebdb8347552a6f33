"""The gRPC gateway: a request becomes a command of the core, its answer a response.

`methods` has the table of the plain ones; `jobs` hands out jobs by polls and streams; `results` waits for an end.
"""
