"""Recorded runs, and the model that is served since.

List, summary and explanation of runs, the champion, retention and the serving replay.
"""
