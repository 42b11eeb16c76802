"""A feature table refuses what cannot be meant."""

from __future__ import annotations

import math

import pytest

from schemas.feature_table import (
    ColumnLabel,
    DType,
    FairnessAttribute,
    Feature,
    FeatureTable,
    Group,
    IntegerRange,
    Numeric,
    Role,
    ShareLabel,
    get_schema_path,
    list_tasks,
    load_feature_table,
)

HOUR = Feature("hour", DType.INT, "", "Hour.", Role.INPUT, (IntegerRange(0, 23),))
TIPS = Feature("tips", DType.FLOAT, "USD", "Tip.", Role.LABEL_SOURCE)
LABEL = ColumnLabel(name="label", column="tips")


def test_every_task_loads_and_names_itself() -> None:
    """Each folder with a features.py holds a table of its own name, with a schema beside it."""
    assert "chicago_taxi" in list_tasks()
    for task in list_tasks():
        assert load_feature_table(task).task == task
        assert get_schema_path(task).is_file()


@pytest.mark.parametrize("task", ["", "unknown", "../schemas", "chicago_taxi.features"])
def test_an_unknown_task_is_refused_with_the_known_ones(task: str) -> None:
    """A task that is no folder under schemas/ is an error that names those that are."""
    with pytest.raises(ValueError, match=r"unknown task .* schemas/ has .*chicago_taxi"):
        load_feature_table(task)


def test_an_input_needs_a_transformation() -> None:
    """A column that feeds the model without a transformation is an error."""
    with pytest.raises(ValueError, match="an input needs a transformation"):
        Feature("hour", DType.INT, "", "Hour.", Role.INPUT)


def test_only_an_input_has_transformations() -> None:
    """A column that the model does not see has nothing to transform."""
    with pytest.raises(ValueError, match="nothing else may have one"):
        Feature("tips", DType.FLOAT, "USD", "Tip.", Role.LABEL_SOURCE, (Numeric(),))


def test_duplicate_names_are_refused() -> None:
    """Two columns of one name are an error."""
    with pytest.raises(ValueError, match=r"duplicate names \['hour'\]"):
        FeatureTable("task", (HOUR, HOUR, TIPS), LABEL)


@pytest.mark.parametrize(
    "references",
    [
        {"label": ColumnLabel(name="label", column="gone")},
        {"label": ShareLabel("label", part="gone", whole="tips", share_percent=20, unit=0.01)},
        {"label": LABEL, "slice_columns": ("gone",)},
        {"label": LABEL, "span_column": "gone"},
    ],
    ids=["label column", "label part", "slice", "span"],
)
def test_references_to_unknown_columns_are_refused(references: dict[str, object]) -> None:
    """Label, slices and span must be made of the table's columns."""
    with pytest.raises(ValueError, match=r"unknown columns \['gone'\]"):
        FeatureTable("task", (HOUR, TIPS), **references)  # type: ignore[arg-type]


def test_what_the_label_is_made_of_is_no_input() -> None:
    """What the label is made of is not part of a serving request."""
    table = FeatureTable("task", (HOUR, TIPS), LABEL)

    assert table.inputs == (HOUR,)


def test_looking_an_unknown_column_up_fails_by_name() -> None:
    """The error names the table and the column."""
    with pytest.raises(KeyError, match="'task' has no column 'gone'"):
        FeatureTable("task", (HOUR, TIPS), LABEL).feature("gone")


def test_missing_values_follow_the_type_or_the_default() -> None:
    """NaN, -1 and the empty text stand for missing, unless the column says otherwise."""
    assert math.isnan(float(TIPS.missing_value))
    assert HOUR.missing_value == -1
    assert Feature("c", DType.BYTES, "", "Company.", Role.CONTEXT).missing_value == ""
    assert Feature("c", DType.INT, "", "Count.", Role.CONTEXT, default=0).missing_value == 0


def test_index_counts_hold_one_more_for_missing() -> None:
    """Hours 0 to 23 take 25 indices."""
    assert IntegerRange(0, 23).index_count == 25


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        ((Group("a"), Group("a")), "duplicate groups"),
        ((Group("a"), Group("(missing)")), "duplicate groups"),
        ((Group("a"), Group("(other)")), "duplicate groups"),
        ((Group("a", values=(1, 2)), Group("b", values=(2,))), r"duplicate values \[2\]"),
    ],
)
def test_groups_must_be_apart(groups: tuple[Group, ...], expected: str) -> None:
    """A name or a value in two groups is an error."""
    with pytest.raises(ValueError, match=expected):
        FairnessAttribute("kind", "hour", groups)


@pytest.mark.parametrize(
    ("attribute", "expected"),
    [
        (FairnessAttribute("hour", "hour", ()), r"duplicate names \['hour'\]"),
        (FairnessAttribute("label", "hour", ()), r"duplicate names \['label'\]"),
        (FairnessAttribute("kind", "gone", ()), r"unknown columns \['gone'\]"),
    ],
)
def test_fairness_attributes_fit_the_table(attribute: FairnessAttribute, expected: str) -> None:
    """An attribute is named like no column and no label, and made of a column that is there."""
    with pytest.raises(ValueError, match=expected):
        FeatureTable("task", (HOUR, TIPS), LABEL, fairness_attributes=(attribute,))
