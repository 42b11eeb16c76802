"""What a served model is asked, and how it answers.

Its signatures, asking them in batches, and replaying rows in a process that holds TensorFlow alone,
as a server would.
"""
