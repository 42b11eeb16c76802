"""What nodes and runs say of themselves.

Typed, versioned records and the words they share, each kept in a JSON file. Everything below leans
on them: they know of no store, no TFX and no screen.
"""
