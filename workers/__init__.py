"""How one job runs: the runner, the job source, the fleet."""
