"""The ML Metadata store: its lock, opening it, and what is asked of it.

With ml-metadata alone, so that screens and pages need no TFX.
"""
