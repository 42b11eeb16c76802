"""What a run was, and what is served since.

List, summary and explanation of runs, the champion, retention and the serving check.
"""
