"""Records of nodes and runs.

Typed, versioned records and the words they share, each kept in a JSON file or with an execution.
Everything below leans on them: they know of no store, no TFX and no screen.
"""
