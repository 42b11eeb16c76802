"""A whole run on this machine, from its input check to the page it leaves.

With backfills over many spans, and the sample data that a first run reads.
"""
