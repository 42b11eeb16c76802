"""Local files for TFX without TensorFlow, which TFX reads them by as soon as it is installed."""

from __future__ import annotations

import dataclasses
import stat

from tfx.dsl.io import filesystem
from tfx.dsl.io.filesystem_registry import DEFAULT_FILESYSTEM_REGISTRY
from tfx.dsl.io.plugins.local import LocalFilesystem
from tfx.dsl.io.plugins.tensorflow_gfile import TensorflowFilesystem

# TFX takes the file system of the lowest number; TensorFlow's has 10 with TFX itself.
_FIRST = 0
_TENSORFLOW = 10
_LAST = 20


@dataclasses.dataclass(frozen=True)
class FileStatistics:
    """What TFX asks of a file, by the names that TensorFlow gives it.

    Attributes:
        length: Its bytes.
        mtime_nsec: When it was changed, in nanoseconds since 1970.
        is_directory: Whether it is a folder.
    """

    length: int
    mtime_nsec: int
    is_directory: bool


class LocalFiles(LocalFilesystem):
    """TFX's own file system in plain Python, with file statistics that TFX can read."""

    @staticmethod
    def stat(path: filesystem.PathType) -> FileStatistics:
        """Look at a file.

        Args:
            path: Its path.

        Returns:
            What is known of it.

        Raises:
            filesystem.NotFoundError: If there is none.
        """
        found = LocalFilesystem.stat(path)
        return FileStatistics(found.st_size, found.st_mtime_ns, stat.S_ISDIR(found.st_mode))


def prefer_python() -> None:
    """Have TFX go to local files by Python."""
    DEFAULT_FILESYSTEM_REGISTRY.register(LocalFiles, priority=_FIRST)


def prefer_tensorflow() -> None:
    """Have TFX go to local files by TensorFlow again, as it does where it is installed."""
    DEFAULT_FILESYSTEM_REGISTRY.register(LocalFiles, priority=_LAST)
    DEFAULT_FILESYSTEM_REGISTRY.register(TensorflowFilesystem, priority=_TENSORFLOW)
