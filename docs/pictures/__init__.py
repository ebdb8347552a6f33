"""Takes the pictures of the documents: the real pages of a real stack, in Debian's Chromium."""

import os

# Processes are started beside a client of the engine; as in `fleet`, gRPC must not meddle with that.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")
