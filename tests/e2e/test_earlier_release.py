"""What an earlier release wrote is read by this one, and carried on."""

from __future__ import annotations

import filecmp
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import ml_metadata
import pytest
from ml_metadata.proto import metadata_store_pb2 as mlmd

from pipelines.cli import main
from pipelines.config.layout import OutputLayout
from pipelines.records.exit_code import ExitCode
from tests.e2e.earlier_store import (
    CONFIG,
    OUTPUT_ROOT,
    RELEASES,
    list_lost,
    read_corrections,
    read_golden,
    unpack_store,
)

pytestmark = pytest.mark.slow

# What the page scores is each version's own judgement.
JUDGED_ANEW = {"report": {"test_score"}}

Damage = Callable[[OutputLayout, str], None]


@pytest.fixture(params=RELEASES)
def golden(request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    """Unpack a release's store, and give what the release itself said of it."""
    with unpack_store(request.param):
        yield read_golden(request.param)


def type_command(*words: str) -> int:
    """Type a command on the store."""
    return main([*words, "--config", str(CONFIG)])


def read_json(*words: str, code: ExitCode = ExitCode.DONE) -> Any:
    """Type a command on the store, and read the JSON that it writes."""
    path = OUTPUT_ROOT.parent / "told.json"
    assert type_command(*words, "--json", str(path)) == code
    return json.loads(path.read_text())


def list_golden_runs(golden: dict[str, str]) -> list[str]:
    """List the release's runs, oldest first."""
    return sorted(json.loads(text)["run_id"] for name, text in golden.items() if "show-" in name)


@pytest.mark.parametrize("command", ["show", "explain", "report"])
def test_tells_of_each_run_what_its_release_told(
    golden: dict[str, str], request: pytest.FixtureRequest, command: str
) -> None:
    """Every value that the release gave for one of its runs is given still, but what was wrong."""
    lost = []
    for run_id in list_golden_runs(golden):
        then = json.loads(golden[f"{command}-{run_id}.json"])
        for key in JUDGED_ANEW.get(command, ()):
            del then[key]
        lost += list_lost(then, read_json(command, run_id), run_id)

    assert lost == read_corrections(request.node.callspec.params["golden"])[command]


def test_lists_the_runs_as_its_release_did(
    golden: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """`runs` lists the same runs and changes of the champion, in the same order and words."""
    assert type_command("runs") == ExitCode.DONE

    listed = capsys.readouterr().out.splitlines()
    assert [line.split() for line in listed] == [
        line.split() for line in golden["runs.txt"].splitlines()
    ]


def test_knows_the_champion_and_rolls_it_back(golden: dict[str, str]) -> None:
    """The champion is the release's; a rollback serves the version before it as the newest."""
    then = json.loads(golden["champion.json"])
    assert list_lost(then, read_json("champion", "show")) == []

    assert type_command("champion", "rollback", "--reason", "as before") == ExitCode.DONE

    now = read_json("champion", "show")
    *_, before, champion = then["serving_versions"]
    assert then["version"] == champion
    assert now["version"] > champion
    assert now["serving_versions"] == [*then["serving_versions"], now["version"]]
    assert now["changes"][:-1] == then["changes"]
    serving = OutputLayout(OUTPUT_ROOT).serving_root
    same, other, unread = filecmp.cmpfiles(
        serving / str(before),
        serving / str(now["version"]),
        ["saved_model.pb", "variables/variables.index", "variables/variables.data-00000-of-00001"],
        shallow=False,
    )
    assert (len(same), other, unread) == (3, [], [])


def test_judges_the_next_model_against_the_champion_of_its_release(golden: dict[str, str]) -> None:
    """A next run compares with the old champion, as it was measured then, and pushes beside it."""
    then = json.loads(golden["champion.json"])
    pushed = json.loads(golden[f"show-{find_pushing_run(golden)}.json"])
    assert pushed["pushed_version"] == then["version"]

    summary = read_json("run", "--set", "trainer.seed=4")

    assert summary["verdict"] == "pushed"
    assert summary["has_champion"]
    baseline = {metric["name"]: metric["baseline"] for metric in summary["metrics"]}
    measured = {metric["name"]: metric["value"] for metric in pushed["metrics"]}
    assert {name: baseline[name] for name in measured} == pytest.approx(measured, abs=1e-6)
    versions = read_json("champion", "show")["serving_versions"]
    assert versions == [*then["serving_versions"], summary["pushed_version"]]


def change_json(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change a JSON file."""
    value = json.loads(path.read_text())
    change(value)
    path.write_text(json.dumps(value))


def change_description(change: Callable[[dict[str, Any]], object]) -> Damage:
    """Change the description of a run."""
    return lambda layout, run_id: change_json(layout.run(run_id).description_path, change)


def change_summary(change: Callable[[dict[str, Any]], object]) -> Damage:
    """Change the summary of a run."""
    return lambda layout, run_id: change_json(layout.run(run_id).summary_path, change)


def change_results(change: Callable[[dict[str, Any]], object]) -> Damage:
    """Change what the metadata store keeps of how nodes ended, of which the run is summed up."""

    def change_them(layout: OutputLayout, run_id: str) -> None:
        layout.run(run_id).summary_path.unlink()
        config = mlmd.ConnectionConfig()
        config.sqlite.filename_uri = str(layout.metadata_path)
        store = ml_metadata.MetadataStore(config)
        executions = [
            one for one in store.get_executions() if "node_result" in one.custom_properties
        ]
        assert executions
        for execution in executions:
            kept = execution.custom_properties["node_result"]
            value = json.loads(kept.string_value)
            change(value)
            kept.string_value = json.dumps(value)
        store.put_executions(executions)

    return change_them


def add_fields(value: dict[str, Any]) -> None:
    """Add a field that no version knows, to the whole and to its first node."""
    value["moon_phase"] = {"waxing": True}
    for node in value.get("nodes", [])[:1]:
        node["moon_phase"] = 0.5


def remove(key: str) -> Callable[[dict[str, Any]], object]:
    """Remove a field."""
    return lambda value: value.pop(key)


def find_pushing_run(golden: dict[str, str]) -> str:
    """Find the newest run that pushed a model."""
    summaries = [json.loads(golden[f"show-{run_id}.json"]) for run_id in list_golden_runs(golden)]
    newest: str = [one["run_id"] for one in summaries if one["verdict"] == "pushed"][-1]
    return newest


READING = ("runs", "show", "explain", "report")


def read_run(command: str, run_id: str) -> int:
    """Type a command that reads runs."""
    return type_command(command, *([] if command == "runs" else [run_id]))


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(change_results(add_fields), id="node result"),
        pytest.param(change_summary(add_fields), id="summary"),
        pytest.param(change_description(add_fields), id="description"),
    ],
)
def test_passes_over_fields_that_it_does_not_know(golden: dict[str, str], damage: Damage) -> None:
    """Records of a version that keeps more are read as if they held no more."""
    run_id = find_pushing_run(golden)
    damage(OutputLayout(OUTPUT_ROOT), run_id)

    codes = {command: read_run(command, run_id) for command in READING}

    assert codes == dict.fromkeys(READING, ExitCode.DONE)


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(change_results(remove("state")), id="node result"),
        pytest.param(change_summary(remove("verdict")), id="summary"),
        pytest.param(change_description(remove("nodes")), id="description"),
        pytest.param(change_description(remove("compiled_at")), id="time of description"),
    ],
)
def test_works_or_says_what_to_do_where_a_field_is_missing(
    golden: dict[str, str], damage: Damage, capsys: pytest.CaptureFixture[str]
) -> None:
    """A record that lacks what it needs ends in a result, or in one line that names the run."""
    run_id = find_pushing_run(golden)
    damage(OutputLayout(OUTPUT_ROOT), run_id)

    for command in READING:
        capsys.readouterr()
        code = read_run(command, run_id)

        if code != ExitCode.DONE:
            [line] = capsys.readouterr().err.splitlines()
            assert line.startswith("error: ")
            assert run_id in line
