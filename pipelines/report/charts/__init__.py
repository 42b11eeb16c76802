"""Charts of facts: specifications for Vega-Lite, and the signs and numbers beside them."""
