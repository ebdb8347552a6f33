"""The local stack: a real engine and a real PostgreSQL with nothing installed."""
