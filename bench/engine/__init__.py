"""The engine in the box by itself: its start, size, speed and promptness, beside the least client there can be."""
