"""The measurements, one a module; `TABLE` has them in the order in which they run."""

from tests.chaos.rows import kill_points

TABLE = (*kill_points.ROWS,)
