"""Two models, one after the other: rollback, reset, explanation and retention, on real runs."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import pytest
import tensorflow as tf

from pipelines.cli import main
from pipelines.records.exit_code import ExitCode
from pipelines.runs.champion import ChampionState
from pipelines.runs.explanation import RunExplanation
from tests.e2e.conftest import Run, run_pipeline

pytestmark = [pytest.mark.slow, pytest.mark.exhaustive]

LOOSE = "gates=[{kind: value, name: auc_floor, metric: auc, min: 0.5}]"


@dataclasses.dataclass(frozen=True)
class Cycle:
    """Runs of two models, and what people did to the champion afterwards, in one output root."""

    output: Path
    first: Run
    second: Run

    def run(self, *words: str) -> Run:
        """Run the pipeline once more."""
        return run_pipeline(self.output, "--set", LOOSE, *words)

    def command(self, *words: str) -> int:
        """Type another command on the same output root."""
        return main([*words, "--config", "test", "--output", str(self.output)])

    def show_champion(self) -> ChampionState:
        """Read the champion."""
        path = self.output / "champion.json"
        assert self.command("champion", "show", "--json", str(path)) == ExitCode.DONE
        return ChampionState.model_validate_json(path.read_text())


@pytest.fixture(scope="module")
def cycle(tmp_path_factory: pytest.TempPathFactory) -> Cycle:
    """Two runs that differ in their seed, both pushed."""
    output = tmp_path_factory.mktemp("cycle")
    first = run_pipeline(output, "--set", LOOSE, "--set", "trainer.seed=1")
    second = run_pipeline(output, "--set", LOOSE, "--set", "trainer.seed=2")
    return Cycle(output, first, second)


def _explain(cycle: Cycle, run: Run) -> RunExplanation:
    path = cycle.output / "explanation.json"
    words = ["explain", run.done.run_id, "--json", str(path)]
    assert cycle.command(*words) == ExitCode.DONE
    return RunExplanation.model_validate_json(path.read_text())


def test_versions_increase(cycle: Cycle) -> None:
    """Another model gets a higher version, and is the champion."""
    first, second = cycle.first.done.pushed_version, cycle.second.done.pushed_version

    assert first is not None
    assert second is not None
    assert second > first
    assert cycle.show_champion().version == second


def test_explains_what_made_a_node_run(cycle: Cycle) -> None:
    """The second run names the setting that changed; what did not change names its maker."""
    nodes = {node.id: node for node in _explain(cycle, cycle.second).nodes}

    changed = {difference.name for difference in nodes["Trainer"].differences}
    assert changed == {"custom_config.settings.seed"}
    assert nodes["Transform"].cached_from == cycle.first.done.run_id
    assert "model" in {difference.name for difference in nodes["Evaluator"].differences}


def test_rolls_back_and_compares_with_what_serves(
    cycle: Cycle, capsys: pytest.CaptureFixture[str]
) -> None:
    """After a rollback the first model serves, and the next candidate is compared with it."""
    assert cycle.command("champion", "rollback", "--reason", "complaints") == ExitCode.DONE
    state = cycle.show_champion()

    assert state.version == state.serving_versions[-1] > (cycle.second.done.pushed_version or 0)
    model = tf.saved_model.load(str(cycle.second.layout.serving_root / str(state.version)))
    assert "serving_default" in model.signatures
    assert cycle.command("runs") == ExitCode.DONE
    assert "complaints" in capsys.readouterr().out

    again = cycle.run("--set", "trainer.seed=2")
    first = {metric.name: metric.value for metric in cycle.first.done.metrics}
    assert {metric.name: metric.baseline for metric in again.done.metrics} == pytest.approx(
        first, abs=1e-6, nan_ok=True
    )


def test_judges_by_absolute_gates_after_a_reset(cycle: Cycle) -> None:
    """After a reset there is no champion to compare with, and the run says so."""
    assert cycle.command("champion", "reset", "--reason", "new label") == ExitCode.DONE

    after = cycle.run("--set", "trainer.seed=1")

    assert not after.done.has_champion
    assert "no champion to compare with" in after.done.reason
    assert cycle.show_champion().version == after.done.pushed_version


def test_frees_only_what_nothing_needs(cycle: Cycle, capsys: pytest.CaptureFixture[str]) -> None:
    """A dry run frees nothing; the real one leaves every pushed model and the newest run whole."""
    refused = "gates=[{kind: value, name: auc_floor, metric: auc, min: 0.99999}]"
    run_pipeline(cycle.output, "--set", refused, "--set", "trainer.seed=3")
    newest = cycle.run("--set", "trainer.seed=1")
    capsys.readouterr()

    assert cycle.command("gc", "--keep", "1", "--dry-run") == ExitCode.DONE
    told = capsys.readouterr().out
    assert cycle.command("gc", "--keep", "1") == ExitCode.DONE
    freed = capsys.readouterr().out

    assert "Model" in told
    assert freed == told.replace("would free", "freed")
    for version in cycle.show_champion().serving_versions:
        folder = newest.layout.serving_root / str(version)
        assert (folder / "saved_model.pb").exists()
    again = cycle.run("--set", "trainer.seed=1")
    assert again.exit_code == ExitCode.DONE
    assert {node.id for node in again.done.nodes if node.cached} >= {"Transform", "Trainer"}


def test_compares_with_what_serves_after_versions_were_moved_by_hand(
    cycle: Cycle, capsys: pytest.CaptureFixture[str]
) -> None:
    """The newest version was removed, and a model of nobody's put in: the one below counts."""
    serving_root = cycle.second.layout.serving_root
    *_, below, newest = cycle.show_champion().serving_versions
    shutil.rmtree(serving_root / str(newest))
    foreign = serving_root / "9999999999"
    foreign.mkdir()
    (foreign / "saved_model.pb").write_text("nobody's")
    capsys.readouterr()

    run = cycle.run("--set", "trainer.seed=1")

    said = capsys.readouterr().out
    assert "serving/9999999999 holds no model of this pipeline" in said
    assert f"champion recovered: serving/{newest} is no longer in place; serving/{below}" in said
    second = {metric.name: metric.value for metric in cycle.second.done.metrics}
    assert {metric.name: metric.baseline for metric in run.done.metrics} == pytest.approx(
        second, abs=1e-6, nan_ok=True
    )
    assert cycle.show_champion().version == run.done.pushed_version == 10**10
    assert capsys.readouterr().err == ""
    assert cycle.command("runs") == ExitCode.DONE
    assert "champion recovered" in capsys.readouterr().out


def test_refuses_a_rollback_without_a_reason(
    cycle: Cycle, capsys: pytest.CaptureFixture[str]
) -> None:
    """A change of the champion without a reason is wrong usage."""
    assert cycle.command("champion", "rollback") == ExitCode.USAGE
    assert "--reason" in capsys.readouterr().err


def test_explains_a_refusal_in_json(cycle: Cycle) -> None:
    """The explanation of a refused model has gate, slice, value, limit and champion's value."""
    strict = "gates=[{kind: value, name: auc_floor, metric: auc, min: 0.99999}]"
    refused = run_pipeline(cycle.output, "--set", strict, "--set", "trainer.seed=1")

    [gate] = _explain(cycle, refused).refusing_gates
    dumped = json.loads(gate.model_dump_json())
    assert {"name", "slice", "value", "limit", "baseline", "reason"} <= set(dumped)
    assert gate.limit == 0.99999
