"""Metrics of a binary classifier by slice, and how sure they are.

The engine that Evaluator measures with and ModelValidator judges by: histograms of scores, curves,
the jackknife, and the one record of what was measured. It knows rows, scores and labels alone: no
TFX, no TensorFlow, no model.
"""
