"""Which model is the champion: the last one pushed, unless a person has chosen otherwise since."""
