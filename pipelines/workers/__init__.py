"""The warm worker server and its client.

A process that has imported TensorFlow and TFX once forks one process per task: a compilation or a
node.
"""
