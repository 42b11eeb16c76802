"""Configuration: good files load, bad ones are refused in one line."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from components.model_validator.gates import Gate
from pipelines.config.environment_file import ENVIRONMENTS_DIRECTORY, list_environments, load_config
from pipelines.config.pipeline_config import PipelineConfig
from pipelines.records.errors import ConfigError

GOOD = """
name: trips
task: chicago_taxi
output_root: {root}/out
data: {{directory: {root}}}
beam: {{runner: DirectRunner}}
gates:
  - {{kind: value, name: auc, metric: auc, min: 0.9}}
"""


@pytest.fixture
def good_file(tmp_path: Path) -> Path:
    """A small configuration file that is right."""
    path = tmp_path / "good.yaml"
    path.write_text(GOOD.format(root=tmp_path))
    return path


@pytest.mark.parametrize("environment", list_environments())
def test_every_environment_loads(environment: str) -> None:
    """Each YAML under ``pipelines/config/environments/`` is a whole configuration."""
    assert isinstance(load_config(environment), PipelineConfig)


def test_reads_a_file(good_file: Path) -> None:
    """A file given by path is read, with defaults for what it leaves out."""
    config = load_config(str(good_file))

    assert config.name == "trips"
    assert config.data.splits == {"train": 6, "validation": 1, "test": 3}


def test_sets_one_key(good_file: Path) -> None:
    """``--set`` replaces one key and leaves its neighbours."""
    config = load_config(str(good_file), ["trainer.max_epochs=3", "span=2015-04-01"])

    assert config.trainer.max_epochs == 3
    assert config.trainer.seed == load_config(str(good_file)).trainer.seed
    assert config.span == datetime.date(2015, 4, 1)


def test_extends_an_environment(tmp_path: Path) -> None:
    """A file that extends another replaces its keys and keeps the rest."""
    path = tmp_path / "mine.yaml"
    path.write_text("extends: local\ntrainer: {seed: 5}\n")

    config = load_config(str(path))

    assert config.trainer.seed == 5
    assert config.gates == load_config("local").gates


@pytest.mark.parametrize("source", ["local", str(ENVIRONMENTS_DIRECTORY / "local.yaml")])
def test_an_environment_takes_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    """Data and output of a built-in environment lie where the command is typed, however named."""
    monkeypatch.chdir(tmp_path)

    config = load_config(source)

    assert config.data.directory == tmp_path / "data/chicago_taxi/full"
    assert config.output_root == tmp_path / "artifacts/chicago_taxi"


def test_a_file_takes_its_own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user's paths start at the file that they stand in, and inherited ones at their own base."""
    base, file = tmp_path / "my" / "base.yaml", tmp_path / "my" / "team" / "config.yaml"
    file.parent.mkdir(parents=True)
    base.write_text("extends: local\noutput_root: out\ndata: {spans_directory: spans}\n")
    file.write_text("extends: ../base.yaml\ndata: {spans_directory: quarters}\n")
    monkeypatch.chdir(tmp_path)

    config = load_config("my/team/config.yaml")

    assert config.output_root.resolve() == tmp_path / "my" / "out"
    assert config.data.spans_directory == tmp_path / "my" / "team" / "quarters"
    assert config.data.directory == tmp_path / "data/chicago_taxi/full"


def test_a_set_path_takes_the_working_folder(
    good_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the command line says starts where it is typed, not at the file."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)

    config = load_config(
        str(good_file), ["output_root=out", "data={directory: trips, spans_directory: ~/spans}"]
    )

    assert config.output_root == elsewhere / "out"
    assert config.data.directory == elsewhere / "trips"
    assert config.data.spans_directory == Path.home() / "spans"


def test_is_frozen(good_file: Path) -> None:
    """A configuration that was checked can't change afterwards."""
    with pytest.raises(ValueError, match="frozen"):
        load_config(str(good_file)).cache = False  # type: ignore[misc]


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("trainer.epochs=3", ["trainer.epochs", "unknown key"]),
        ("nmae=x", ["nmae", "unknown key", "'name'"]),
        ("trainer.max_epochs=many", ["trainer.max_epochs", "'many'", "integer"]),
        ("trainer.max_epochs=0", ["trainer.max_epochs", "0", "greater than or equal to 1"]),
        ("task=other", ["task", "'other'", "chicago_taxi"]),
        ("data.splits={train: 1}", ["data.splits", "train", "validation"]),
        ("gates=[]", ["gates", "at least 1 item"]),
        ("name=../x", ["name", "../x"]),
        ("about.owner=me", ["about.owner", "unknown key", "'owners'"]),
        ("about.owners=me", ["about.owners", "'me'", "expected a list"]),
        ("output_root=3", ["output_root: got 3, expected a path"]),
        ("output_root=null", ["output_root: got nothing, expected a path"]),
        ("beam=null", ["beam: got nothing, expected a mapping of keys"]),
        ("gates=[{kind: value, name: a, metric: auc, mni: 1}]", ["did you mean 'min'?"]),
        ("gates=[{kind: vague, name: a}]", ["gates.0", "'vague'", "'value', 'change'"]),
        ("trainer={seed: 1, seed: 2}", ["--set: trainer: line 1: duplicate key 'seed'"]),
        ("about.limits=['']", ["about.limits", "at least 1 character"]),
        ("span=2015-13-01", ["span", "2015-13-01"]),
        ("beam.runner=rm -rf", ["beam.runner", "rm -rf"]),
        ("trainer", ["--set", "'trainer'", "KEY=VALUE"]),
        ("name.more=1", ["--set", "name.more"]),
        ("trainer.seed=[", ["--set", "trainer.seed"]),
    ],
)
def test_refuses_a_wrong_value_in_one_line(good_file: Path, override: str, said: list[str]) -> None:
    """The one line names the key, the value received and what was expected."""
    with pytest.raises(ConfigError) as caught:
        load_config(str(good_file), [override])

    message = str(caught.value)
    assert "\n" not in message
    assert [part for part in said if part not in message] == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name: [", "not YAML"),
        ("- a\n- b\n", "expected a mapping"),
        ("extends: 3\n", "extends"),
        ("extends: no_such_environment\n", "no_such_environment"),
        ("name: trips\n", "task: missing"),
        ("", "holds nothing"),
        ("extends: local\nname: a\nname: b\n", "line 3: duplicate key 'name'"),
        ("extends: local\ntrainer: {seed: 1, seed: 2}\n", "line 2: duplicate key 'seed'"),
        ("? [a, b]\n: 1\n", "not YAML"),
        ("!!python/object/apply:os.system ['true']\n", "not YAML"),
    ],
)
def test_refuses_a_broken_file(tmp_path: Path, text: str, said: str) -> None:
    """What is not a configuration is refused, and nothing in it is executed."""
    path = tmp_path / "broken.yaml"
    path.write_text(text)

    with pytest.raises(ConfigError, match=said):
        load_config(str(path))


def test_refuses_a_missing_file() -> None:
    """A configuration that is not there is named, with the environments that are."""
    with pytest.raises(ConfigError, match=r"no_such\.yaml.*local"):
        load_config("no_such.yaml")


def test_refuses_files_that_extend_each_other(tmp_path: Path) -> None:
    """A circle of files is an error, not an endless loop."""
    first, second = tmp_path / "a.yaml", tmp_path / "b.yaml"
    first.write_text(f"extends: {second}\n")
    second.write_text(f"extends: {first}\n")

    with pytest.raises(ConfigError, match="circle"):
        load_config(str(first))


def test_needs_a_spans_folder_for_a_span(good_file: Path) -> None:
    """A span without a folder of spans is a configuration error."""
    config = load_config(str(good_file), ["span=2015-04-01"])

    with pytest.raises(ConfigError, match=r"data\.spans_directory"):
        _ = config.input_directory


def _describe_gate(gate: Gate) -> list[str]:
    """Give a gate's row of the table: name, kind, what is measured, where, limits, in doubt."""
    facts = gate.model_dump(mode="json", exclude_none=True)
    places = facts.get("slice_columns") or [facts[key] for key in ("attribute",) if key in facts]
    where = f"{', '.join(places)}, from {facts['min_examples']} rows" if places else "all rows"
    limits = [
        f"{name}: {facts[name]:g}"
        for name in ("min", "max", "max_drop", "max_rise", "max_ratio", "max_gap", "min_gain")
        if name in facts
    ]
    measured = facts.get("metric") or ", ".join(facts["models"])
    doubt = facts.get("inconclusive", "–")
    return [facts["name"], facts["kind"], measured, where, ", ".join(limits), doubt]


def test_the_page_lists_every_gate_with_its_limit() -> None:
    """Whoever reads of the gates reads which there are by default, and with which limits."""
    page = (Path(__file__).parents[3] / "docs/gates.md").read_text(encoding="utf-8")
    listed = [
        [cell.strip().replace("`", "") for cell in line.strip("|").split("|")]
        for line in page.partition("## The gates by default")[2].splitlines()
        if line.startswith("| `")
    ]

    assert listed == [_describe_gate(gate) for gate in load_config("local").gates]
