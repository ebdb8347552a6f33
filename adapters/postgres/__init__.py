"""PostgreSQL: the records, the ledger that writes them, and what is owed to the engine."""
