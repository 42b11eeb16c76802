"""Measure the candidate and the champion on the same held-out rows, overall and by slice."""
