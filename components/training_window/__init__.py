"""TrainingWindow: the rows that a model is trained on, from the last accepted spans."""
