"""The typed configuration, where the store is, and the layout of the output root.

Read once from YAML at the edge, checked, frozen and passed in.
"""
