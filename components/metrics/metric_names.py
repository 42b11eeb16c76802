"""The names of the metrics that the Evaluator writes; plain Python.

These are the names in the ``ModelEvaluation`` artifact itself: plain ``tfma.load_eval_result``
shows the same ones. A name never changes its meaning; a new meaning gets a new name.
"""

from __future__ import annotations

from typing import Literal, get_args

ScoreMetric = Literal[
    "auc",
    "auc_precision_recall",
    "log_loss",
    "calibration",
    "mean_label",
    "mean_prediction",
    "binary_accuracy",
    "precision",
    "recall",
    "false_positive_rate",
    "false_negative_rate",
    "expected_calibration_error",
]
"""A metric of a binary classifier's scores.

``p`` is the predicted probability, ``y`` the label, 0 or 1, ``n`` the number of rows:

========================== ============================================= ======= ==================
name                       formula                                       range   not a number when
========================== ============================================= ======= ==================
auc                        area under the ROC curve                      0 to 1  only one label
auc_precision_recall       area under the precision-recall curve, as     0 to 1  no y = 1
                           steps ("average precision")
log_loss                   -mean(y ln p + (1 - y) ln(1 - p)), in nats    >= 0
calibration                sum(p) / sum(y); 1 is calibrated              >= 0    no y = 1
mean_label                 sum(y) / n                                    0 to 1
mean_prediction            sum(p) / n                                    0 to 1
binary_accuracy            share of rows where (p > threshold) = y       0 to 1
precision                  share of y = 1 among p > threshold            0 to 1  no p > threshold
recall                     share of p > threshold among y = 1            0 to 1  no y = 1
false_positive_rate        share of p > threshold among y = 0            0 to 1  no y = 0
false_negative_rate        share of p <= threshold among y = 1           0 to 1  no y = 1
expected_calibration_error mean over 15 bins of equally many rows, by p, 0 to 1
                           of abs(mean(y) - mean(p)), by rows in the bin
========================== ============================================= ======= ==================

All but ``mean_label`` are not a number where a single ``p`` is NaN or outside 0 to 1.
"""
SCORE_METRICS: tuple[ScoreMetric, ...] = get_args(ScoreMetric)

EXAMPLE_COUNT = "example_count"
"""Name of the number of rows, which is no gate's business but the smallest slice size's."""
