"""Pages from facts and charts: what stands where, in HTML from `templates/`."""
