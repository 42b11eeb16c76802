"""Every kind of anomaly, its severity by default, and why; ``docs/data-gate.md`` shows the table.

The kinds in capitals that TFDV has too are those of ``AnomalyInfo.Type`` in tensorflow_metadata,
all of them; a test keeps the list complete. The others are the gate's own.
"""

from __future__ import annotations

from typing import Literal

Severity = Literal["error", "warning", "ignore"]

UNLISTED_SEVERITY: Severity = "error"
"""Severity of a kind that is not listed: what nobody has judged does not pass."""

OWN_KINDS: dict[str, tuple[Severity, str]] = {
    "DRIFT_HIGH": ("error", "the model would learn from, and be judged on, different data"),
    "SPLIT_SKEW_HIGH": ("error", "splits are drawn by hash: a difference is a defect, not chance"),
    "ROW_COUNTS_DIFFER": ("error", "rows were lost or duplicated on the way"),
    "LOW_ROW_COUNT": ("error", "too little to learn from, or to judge a model on"),
    "LABEL_CONSTANT": (
        "error",
        "a label with one class teaches nothing, and no metric holds on it",
    ),
    "ALL_VALUES_MISSING": ("error", "TFDV counts an empty list as present, so it lets this pass"),
    "TOO_FEW_VALUES": ("error", "the schema's presence, compared with values, not empty lists"),
    "DUPLICATED_FILE": ("error", "the same rows twice weigh twice, and sit in the same split"),
    "REPEATED_FILE": ("error", "a new span with the previous one's file is a delivery gone wrong"),
}

_SHARED_REASONS = {
    "the values are not of the type that the model needs": """
        BOOL_TYPE_BYTES_NOT_INT BOOL_TYPE_BYTES_NOT_STRING BOOL_TYPE_FLOAT_NOT_INT
        BOOL_TYPE_FLOAT_NOT_STRING BOOL_TYPE_INT_NOT_STRING BOOL_TYPE_STRING_NOT_INT
        ENUM_TYPE_BYTES_NOT_STRING ENUM_TYPE_FLOAT_NOT_STRING ENUM_TYPE_INT_NOT_STRING
        ENUM_TYPE_INVALID_UTF8 FLOAT_TYPE_NOT_FLOAT FLOAT_TYPE_STRING_NOT_FLOAT
        FLOAT_TYPE_NON_STRING FLOAT_TYPE_UNKNOWN_TYPE_NUMBER INT_TYPE_INT_EXPECTED
        INT_TYPE_NOT_INT_STRING INT_TYPE_NOT_STRING INT_TYPE_STRING_EXPECTED
        INT_TYPE_UNKNOWN_TYPE_NUMBER STRING_TYPE_NOW_FLOAT STRING_TYPE_NOW_INT
        VALUE_NESTEDNESS_MISMATCH UNEXPECTED_DATA_TYPE INVALID_FEATURE_SHAPE
    """,
    "a limit that someone set in the schema is broken": """
        FEATURE_TYPE_HIGH_UNIQUE FEATURE_TYPE_LOW_UNIQUE LOW_SUPPORTED_IMAGE_FRACTION
        DATASET_LOW_NUM_EXAMPLES DATASET_HIGH_NUM_EXAMPLES SEQUENCE_VALUE_TOO_FEW_OCCURRENCES
        SEQUENCE_VALUE_TOO_MANY_OCCURRENCES SEQUENCE_VALUE_TOO_SMALL_FRACTION
        SEQUENCE_VALUE_TOO_LARGE_FRACTION FEATURE_COVERAGE_TOO_LOW
        FEATURE_COVERAGE_TOO_SHORT_AVG_TOKEN_LENGTH NLP_WRONG_LOCATION EMBEDDING_SHAPE_INVALID
        MAX_IMAGE_BYTE_SIZE_EXCEEDED
    """,
    "the schema contradicts itself, so nothing was checked": """
        BOOL_TYPE_INVALID_CONFIG SPARSE_FEATURE_NAME_COLLISION WEIGHTED_FEATURE_NAME_COLLISION
        DOMAIN_INVALID_FOR_TYPE FEATURE_MISSING_NAME FEATURE_MISSING_TYPE
        INVALID_SCHEMA_SPECIFICATION INVALID_DOMAIN_SPECIFICATION DERIVED_FEATURE_BAD_LIFECYCLE
        DERIVED_FEATURE_INVALID_SOURCE
    """,
    "a value outside the domain is most often another unit": """
        BOOL_TYPE_BIG_INT BOOL_TYPE_SMALL_INT BOOL_TYPE_UNEXPECTED_STRING
        BOOL_TYPE_UNEXPECTED_FLOAT FLOAT_TYPE_BIG_FLOAT FLOAT_TYPE_SMALL_FLOAT INT_TYPE_BIG_INT
        INT_TYPE_SMALL_INT
    """,
    "the parts of one feature do not fit each other": """
        SPARSE_FEATURE_MISSING_VALUE SPARSE_FEATURE_MISSING_INDEX SPARSE_FEATURE_LENGTH_MISMATCH
        WEIGHTED_FEATURE_MISSING_VALUE WEIGHTED_FEATURE_MISSING_WEIGHT
        WEIGHTED_FEATURE_LENGTH_MISMATCH
    """,
    "TFDV's own comparison; the gate's is DRIFT_HIGH": """
        COMPARATOR_L_INFTY_HIGH COMPARATOR_JENSEN_SHANNON_DIVERGENCE_HIGH
        COMPARATOR_NORMALIZED_ABSOLUTE_DIFFERENCE_HIGH
    """,
    "the model takes one value per row": """
        FEATURE_TYPE_HIGH_NUMBER_VALUES FEATURE_TYPE_UNEXPECTED_REPEATED
    """,
    "more is missing than the schema allows": """
        FEATURE_TYPE_LOW_FRACTION_PRESENT FEATURE_TYPE_LOW_NUMBER_PRESENT
    """,
    "the column is needed and holds nothing": """
        FEATURE_TYPE_NOT_PRESENT FEATURE_TYPE_NO_VALUES
    """,
}
"""Kinds of TFDV's that are errors for the same reason."""

TFDV_KINDS: dict[str, tuple[Severity, str]] = {
    "UNKNOWN_TYPE": ("error", "TFDV cannot say what is wrong, so someone must look"),
    "MULTIPLE_REASONS": ("error", "stands for several others; each of them is judged by itself"),
    "ENUM_TYPE_UNEXPECTED_STRING_VALUES": (
        "error",
        "a category that the model has not seen; the schema says how many of them may come",
    ),
    "FEATURE_TYPE_LOW_NUMBER_VALUES": ("error", "a value is missing where none may"),
    "FEATURE_TYPE_NO_UNIQUE": ("warning", "a limit on unique values that this type has none of"),
    "FLOAT_TYPE_HAS_NAN": ("error", "one NaN makes every weight NaN"),
    "FLOAT_TYPE_HAS_INF": ("error", "one infinity makes every weight NaN"),
    "SCHEMA_MISSING_COLUMN": ("error", "a column that the schema requires is not there"),
    "SCHEMA_NEW_COLUMN": ("warning", "the model does not read it; someone may want it to"),
    "SCHEMA_TRAINING_SERVING_SKEW": ("error", "training and serving do not get the same columns"),
    "COMPARATOR_CONTROL_DATA_MISSING": (
        "warning",
        "there is a limit and nothing to compare with, as on a column's first day",
    ),
    "COMPARATOR_TREATMENT_DATA_MISSING": ("error", "the column is gone, or no longer of its type"),
    "NO_DATA_IN_SPAN": ("error", "there is nothing to learn from"),
    "SEMANTIC_DOMAIN_UPDATE": ("ignore", "TFDV's guess at what the text is about; no rule broken"),
    "COMPARATOR_LOW_NUM_EXAMPLES": (
        "warning",
        "far fewer rows than before may be a short holiday or half a file",
    ),
    "COMPARATOR_HIGH_NUM_EXAMPLES": (
        "warning",
        "far more rows than before may be growth or a file delivered twice",
    ),
    "STATS_NOT_AVAILABLE": ("error", "a rule of the schema could not be checked"),
    "CUSTOM_VALIDATION": ("error", "a rule of the team's own is broken"),
    **{kind: ("error", why) for why, kinds in _SHARED_REASONS.items() for kind in kinds.split()},
}

DEFAULTS: dict[str, tuple[Severity, str]] = {**OWN_KINDS, **TFDV_KINDS}
"""Severity by default of each kind, and why."""
