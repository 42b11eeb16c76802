"""One node of one run, in one process.

TFX's launcher, with attempts counted, stale executions closed, rows checked, and a result recorded
that says how the node ended.
"""
