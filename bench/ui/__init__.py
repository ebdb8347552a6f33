"""The pages, measured as people meet them: what they weigh, how fast they are, and what many people cost."""
