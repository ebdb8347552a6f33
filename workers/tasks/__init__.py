"""The tasks of the processes that ship, one module per business domain."""
