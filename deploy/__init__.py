"""Where it runs: the command line, the composition root, the local stack."""
