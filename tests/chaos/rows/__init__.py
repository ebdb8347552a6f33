"""The measurements, one a module; `TABLE` has them in the order in which they run, by engine."""

from tests.chaos.rows import failover, kill_points, outages, poisons, stops, undoing

TABLE = (
    *kill_points.ROWS,
    *outages.ROWS,
    *failover.ROWS,
    *stops.ROWS,
    *poisons.ROWS,
    *undoing.ROWS,
    *outages.FORGETFUL_ROWS,
)
