"""Benchmarks: they print figures beside floors measured in the same run, and assert nothing about time."""
