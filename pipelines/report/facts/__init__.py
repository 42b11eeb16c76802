"""Gathering the facts that pages show, from a run's record and its artifacts."""
