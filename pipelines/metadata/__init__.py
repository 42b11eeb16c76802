"""The ML Metadata store: its lock, its connection and its queries.

With ml-metadata alone, so that screens and pages need no TFX.
"""
