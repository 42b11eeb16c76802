"""Trainer: the tf.keras model of a feature table, its training and its serving signatures."""
