"""REST v2 and the management routes: a request becomes a command, what goes wrong a problem.

`routes` has the table; a route is one handler in `orchestration`, `jobs`, `incidents` or `management`.
"""
