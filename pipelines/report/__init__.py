"""What is told of a run: the facts in typed models, and the page that shows them."""
