"""What pages show, as typed facts.

The models that `facts` fills, `charts` draws and `pages` renders, and that `report --json` prints.
"""
