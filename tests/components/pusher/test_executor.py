"""The Pusher, on real artifacts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tfx.proto import pusher_pb2
from tfx.types import Channel
from tfx.types.standard_artifacts import Model, ModelBlessing, PushedModel
from tfx.utils import proto_utils

from components.pusher.component import create_pusher
from components.pusher.executor import Executor
from components.pusher.pushed_model import NEWLY_PUSHED_PROPERTY
from components.pusher.version_store import hash_directory, list_versions


@pytest.fixture
def model(tmp_path: Path) -> Model:
    """A Trainer's output: files in the layout of a SavedModel."""
    artifact = Model()
    artifact.uri = str(tmp_path / "model")
    variables = Path(artifact.uri, "Format-Serving", "variables")
    variables.mkdir(parents=True)
    (variables / "variables.index").write_text("weights")
    (variables.parent / "saved_model.pb").write_text("graph")
    return artifact


def bless(tmp_path: Path, blessed: int) -> ModelBlessing:
    """Make a blessing, or a refusal."""
    blessing = ModelBlessing()
    blessing.uri = str(tmp_path / "blessing")
    blessing.set_int_custom_property("blessed", blessed)
    return blessing


def push(tmp_path: Path, inputs: dict[str, Any], serving_root: str | None = None) -> PushedModel:
    """Run the executor."""
    pushed = PushedModel()
    pushed.uri = str(tmp_path / "pushed")
    destination = pusher_pb2.PushDestination()
    destination.filesystem.base_directory = (
        str(tmp_path / "serving") if serving_root is None else serving_root
    )
    Executor().Do(
        inputs,
        {"pushed_model": [pushed]},
        {"push_destination": proto_utils.proto_to_json(destination)},
    )
    return pushed


def test_a_blessed_model_is_pushed_and_marked(model: Model, tmp_path: Path) -> None:
    """Version folder, archived copy and TFX's properties all say the same."""
    pushed = push(tmp_path, {"model": [model], "model_blessing": [bless(tmp_path, 1)]})

    (version,) = list_versions(tmp_path / "serving")
    target = tmp_path / "serving" / str(version)
    expected = hash_directory(Path(model.uri, "Format-Serving"))
    assert pushed.get_int_custom_property("pushed") == 1
    assert pushed.get_string_custom_property("pushed_version") == str(version)
    assert pushed.get_string_custom_property("pushed_destination") == str(target)
    assert pushed.get_int_custom_property(NEWLY_PUSHED_PROPERTY) == 1
    assert hash_directory(target) == hash_directory(Path(pushed.uri)) == expected


def test_a_model_that_is_there_is_marked_with_its_version(model: Model, tmp_path: Path) -> None:
    """A second push of the same model names the version that holds it, and adds none."""
    inputs = {"model": [model], "model_blessing": [bless(tmp_path, 1)]}
    first = push(tmp_path, inputs)

    second = push(tmp_path, inputs)

    version = first.get_string_custom_property("pushed_version")
    assert second.get_string_custom_property("pushed_version") == version
    assert second.get_int_custom_property("pushed") == 1
    assert second.get_int_custom_property(NEWLY_PUSHED_PROPERTY) == 0
    assert len(list_versions(tmp_path / "serving")) == 1


def test_a_refused_model_is_not_pushed(model: Model, tmp_path: Path) -> None:
    """Without the blessing nothing is written, and the artifact says not pushed."""
    pushed = push(tmp_path, {"model": [model], "model_blessing": [bless(tmp_path, 0)]})

    assert pushed.get_int_custom_property("pushed") == 0
    assert not (tmp_path / "serving").exists()


def test_a_model_without_a_blessing_is_an_error(model: Model, tmp_path: Path) -> None:
    """TFX's Pusher would push it unjudged; ours does not."""
    with pytest.raises(ValueError, match="unjudged"):
        push(tmp_path, {"model": [model]})


@pytest.mark.parametrize("destination", ["", "gs://bucket/serving"])
def test_only_a_local_folder_is_a_destination(
    model: Model, tmp_path: Path, destination: str
) -> None:
    """A store that has no rename in one step is refused by name."""
    inputs = {"model": [model], "model_blessing": [bless(tmp_path, 1)]}

    with pytest.raises(ValueError, match="local or mounted"):
        push(tmp_path, inputs, destination)


def test_a_failed_push_is_not_marked(model: Model, tmp_path: Path) -> None:
    """A model without a graph stops the node, so that nothing says it was pushed."""
    Path(model.uri, "Format-Serving", "saved_model.pb").unlink()

    with pytest.raises(ValueError, match=r"saved_model\.pb"):
        push(tmp_path, {"model": [model], "model_blessing": [bless(tmp_path, 1)]})
    assert not (tmp_path / "pushed").exists()


def test_the_node_is_tfx_pusher_with_our_executor(tmp_path: Path) -> None:
    """It keeps the name and output that TFX users know."""
    node = create_pusher(Channel(type=Model), Channel(type=ModelBlessing), tmp_path)

    assert node.id == "Pusher"
    assert list(node.outputs) == ["pushed_model"]
    assert node.executor_spec.executor_class is Executor
