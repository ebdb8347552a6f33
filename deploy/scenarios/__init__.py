"""`fleet test`: scenarios of processes, run by the fleet on a real engine, with the app's tasks or stubs."""
