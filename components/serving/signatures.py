"""The names by which an exported model is asked; plain Python.

``serving_default``
    ``examples`` (string, [batch], serialized ``tf.Example``) to ``probability`` (float, [batch] or
    [batch, 1]), the probability of label 1.
``serving_raw``
    One tensor per column, [batch], to ``probability``.
``transform_features``
    ``examples`` as above, with the label's columns, to the label (0 or 1), the transformed
    features, and each row's group by the fairness attributes (string), [batch] or [batch, 1] each.
"""

from __future__ import annotations

SERVING = "serving_default"
RAW_SERVING = "serving_raw"
TRANSFORM = "transform_features"
PROBABILITY = "probability"
