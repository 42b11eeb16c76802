"""What a served model is asked, and how it answers.

Its signatures, asking them in batches, and replaying rows as a server would, in a process that
holds TensorFlow alone.
"""
