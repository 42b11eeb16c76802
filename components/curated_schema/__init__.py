"""CuratedSchema: brings the reviewed schema of ``schemas/<task>/`` into a run."""
