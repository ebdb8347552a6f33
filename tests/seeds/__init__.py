"""The customer's documents, sentence by sentence, on the real engine and the real PostgreSQL."""
