"""One node of one run, in one process.

TFX's launcher, with attempts counted, stale executions closed, rows checked and an answer left that
says how it ended.
"""
