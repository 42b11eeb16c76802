"""Gathering the facts that pages show, from the run's artifacts and the store."""
