from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import Param
from airflow.sdk.exceptions import ParamValidationError

from dags.run_parameters import (
    ParameterError,
    RunParameters,
    choose_span,
    describe_parameters,
    find_data_folder,
    read_parameters,
)

GOOD = [
    ("span", "2015-04-01"),
    ("span", None),
    ("data", "chicago_taxi/full"),
    ("max_epochs", 3),
    ("learning_rate", 0.5),
    ("refresh", True),
]
TRICKS = [
    ("span", "2015-04-01; rm -rf /"),
    ("span", "$(reboot)"),
    ("span", "2015-04-31"),
    ("span", "2015-04-01\n"),
    ("span", "--refresh"),
    ("span", 20150401),
    ("span", ["2015-04-01"]),
    ("data", "--output"),
    ("data", "/etc"),
    ("data", "~/data"),
    ("data", "data/$HOME"),
    ("data", "data;reboot"),
    ("data", "data/`reboot`"),
    ("data", "data\x00"),
    ("data", "data\n"),
    ("data", ""),
    ("data", {"path": "data"}),
    ("max_epochs", 0),
    ("max_epochs", 10**9),
    ("max_epochs", "3"),
    ("max_epochs", True),
    ("max_epochs", 2.5),
    ("learning_rate", 0),
    ("learning_rate", -1.0),
    ("learning_rate", "0.1"),
    ("refresh", "true"),
    ("refresh", 1),
    ("refresh", None),
]


@pytest.mark.parametrize(("name", "value"), GOOD)
def test_good_values_pass_both_checks(name: str, value: object) -> None:
    """What a person may ask for passes Airflow's schema and our own model."""
    Param(**describe_parameters()[name] | {"default": value}).resolve()

    assert read_parameters({name: value})


@pytest.mark.parametrize(("name", "value"), TRICKS)
def test_tricks_are_refused_when_a_run_is_triggered(name: str, value: object) -> None:
    """Airflow refuses what is no such value, before a run is made of it."""
    with pytest.raises(ParamValidationError):
        Param(**describe_parameters()[name] | {"default": value}).resolve()


@pytest.mark.parametrize(
    "values",
    [
        {"span": "2015-04-31"},
        {"span": "2015-04-01; rm -rf /"},
        {"max_epochs": "3"},
        {"max_epochs": True},
        {"learning_rate": float("nan")},
        {"learning_rate": float("inf")},
        {"refresh": "true"},
        {"data": ["data"]},
        {"--set": "trainer.seed=1"},
    ],
)
def test_tricks_are_refused_again_in_the_task(values: dict[str, Any]) -> None:
    """Our own check stands by itself, and names the parameter on one line."""
    with pytest.raises(ParameterError, match=next(iter(values))) as caught:
        read_parameters(values)

    assert "\n" not in str(caught.value)


def test_unknown_parameter_is_told_with_those_that_there_are() -> None:
    """A misspelt name is not passed over: the run would be another than the one asked for."""
    with pytest.raises(
        ParameterError, match=r"^parameter epochs: unknown key; did you mean 'max_epochs'"
    ):
        read_parameters({"epochs": 3})


@pytest.mark.parametrize(
    ("time", "first_day"),
    [
        ("2015-04-01T00:00:00+00:00", "2015-04-01"),
        ("2015-06-30T23:59:59+00:00", "2015-04-01"),
        ("2015-07-01T01:00:00+02:00", "2015-04-01"),
        ("2016-12-31T12:00:00+00:00", "2016-10-01"),
    ],
)
def test_the_date_of_a_run_names_its_quarter(time: str, first_day: str) -> None:
    """A run without a span of its own reads the quarter, in UTC, of its logical date."""
    span = choose_span(RunParameters(), datetime.datetime.fromisoformat(time))

    assert span == datetime.date.fromisoformat(first_day)


def test_the_period_is_the_configured_one() -> None:
    """Where spans are months, a run reads the month of its logical date."""
    time = datetime.datetime(2016, 2, 29, 23, tzinfo=datetime.timezone.utc)

    assert choose_span(RunParameters(), time, "month") == datetime.date(2016, 2, 1)


def test_span_asked_for_comes_before_the_date() -> None:
    """A person who names a span gets that one."""
    asked = RunParameters(span=datetime.date(2014, 1, 1))

    assert choose_span(asked, datetime.datetime.now(datetime.timezone.utc)) == asked.span


def test_folder_stands_for_a_span() -> None:
    """A run that reads a folder reads no span."""
    assert choose_span(RunParameters(data="data/x"), None) is None


def test_run_without_date_and_span_is_refused() -> None:
    """Nothing is guessed: one line says what to give."""
    with pytest.raises(ParameterError, match="trigger it with a span"):
        choose_span(RunParameters(), None)


def test_span_and_folder_exclude_each_other() -> None:
    """Which of the two is meant is not guessed."""
    with pytest.raises(ParameterError, match="expected one of them"):
        choose_span(RunParameters(span=datetime.date(2014, 1, 1), data="data/x"), None)


def test_folder_below_a_root_is_found(tmp_path: Path) -> None:
    """A folder below an allowed root is given as an absolute path."""
    (tmp_path / "first").mkdir()
    folder = tmp_path / "second" / "january"
    folder.mkdir(parents=True)

    assert find_data_folder("january", [tmp_path / "first", tmp_path / "second"]) == folder


@pytest.mark.parametrize(
    "name", ["../secret", "january/../../secret", "link", "missing", "a b", "january\n", "..", ""]
)
def test_folder_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    """No dots, links or odd characters lead out of the allowed roots."""
    (tmp_path / "data" / "january").mkdir(parents=True)
    (tmp_path / "secret").mkdir()
    (tmp_path / "data" / "link").symlink_to(tmp_path / "secret")

    with pytest.raises(ParameterError, match="parameter data"):
        find_data_folder(name, [tmp_path / "data"])
