"""What bench/run.py is made of: processes, measurements, targets, the report."""
