"""`fleet verify-engine`: does an engine do what the fleet relies on, point by point.

model       the processes of its own that the points run on
bench       an engine, those processes, and what is left behind
points      what is relied on; tests/contract runs them too
run         one after the other, and the removal
report      for the terminal, and a file that can be sent back
"""
