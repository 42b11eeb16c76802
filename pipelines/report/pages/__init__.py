"""Pages of facts and charts, in HTML from `templates/`, which read the facts themselves."""
