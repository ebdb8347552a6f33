"""Measurements: this fleet beside pyzeebe, the Java client and a bare loop, and the engine in the box. Not in the wheel."""

import os

# gRPC tells at INFO of every process that is started beside an open connection.
os.environ.setdefault("GRPC_VERBOSITY", "ERROR")
