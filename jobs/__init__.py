"""What the worker does: steps of runs, intake of mail, sweeping and planning; rung by tasks.py."""
