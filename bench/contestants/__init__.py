"""The workers that are measured, each a program of its own that works until SIGTERM."""
