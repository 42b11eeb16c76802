"""The report of a run: its facts in typed models, and the pages that show them."""
