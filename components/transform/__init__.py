"""Transform: raw columns to model inputs, by the feature table."""
