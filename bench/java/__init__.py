"""The contestants written in Java."""
