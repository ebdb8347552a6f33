"""Measurements: this fleet beside others on one engine, and the engine in the box by itself. Not in the wheel."""

import os

# gRPC tells at INFO of every process that is started beside an open connection.
os.environ.setdefault("GRPC_VERBOSITY", "ERROR")
