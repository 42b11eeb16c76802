"""Local files for TFX by Python: the same as by TensorFlow, and TFX's own order afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tfx.dsl.io import filesystem
from tfx.dsl.io.filesystem_registry import DEFAULT_FILESYSTEM_REGISTRY
from tfx.dsl.io.plugins.tensorflow_gfile import TensorflowFilesystem

from pipelines.local_files import LocalFiles, prefer_python, prefer_tensorflow


@pytest.fixture
def python_files() -> Iterator[None]:
    """TFX goes to local files by Python, and as ever afterwards."""
    prefer_python()
    yield
    prefer_tensorflow()


def test_tells_of_a_file_what_tensorflow_tells(tmp_path: Path) -> None:
    """Size, time and kind are the same, so a fingerprint is too."""
    path = tmp_path / "data.csv"
    path.write_bytes(b"12345")
    for looked_at in (path, tmp_path):
        ours = LocalFiles.stat(str(looked_at))
        theirs = TensorflowFilesystem.stat(str(looked_at))
        assert ours.is_directory == theirs.is_directory
        # TFX takes whole seconds, and TensorFlow gives no more.
        assert ours.mtime_nsec // 10**9 == theirs.mtime_nsec // 10**9
    assert LocalFiles.stat(str(path)).length == TensorflowFilesystem.stat(str(path)).length == 5


def test_a_missing_file_is_told_as_tfx_expects(tmp_path: Path) -> None:
    """TFX catches its own error, not Python's."""
    with pytest.raises(filesystem.NotFoundError):
        LocalFiles.stat(str(tmp_path / "missing"))


@pytest.mark.usefixtures("python_files")
def test_only_local_files_are_gone_to_by_python() -> None:
    """What is not local stays TensorFlow's."""
    registry = DEFAULT_FILESYSTEM_REGISTRY
    assert registry.get_filesystem_for_path("/data") is LocalFiles
    assert registry.get_filesystem_for_path("gs://data") is TensorflowFilesystem


def test_tensorflow_can_be_preferred_again(python_files: None) -> None:
    """Afterwards TFX's own order holds."""
    prefer_tensorflow()

    assert DEFAULT_FILESYSTEM_REGISTRY.get_filesystem_for_path("/data") is TensorflowFilesystem
