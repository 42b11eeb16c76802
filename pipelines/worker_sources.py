"""What Beam's workers on other machines import this product from: a checkout, or a wheel of it."""

from __future__ import annotations

import csv
import hashlib
import importlib.metadata
import io
import os
import zipfile
from collections.abc import Sequence
from pathlib import Path

from pipelines.config import CODE_ROOT
from pipelines.errors import OperationError
from pipelines.whole_file import write_whole

DISTRIBUTION = "tfx-production-pipeline"

# One of these says what workers get. Without any, TFX builds a package of itself in every node.
_PACKAGE_OPTIONS = ("--setup_file=", "--requirements_file=", "--extra_package", "--sdk_container")
# What a wheel's metadata folder holds; installers add files of their own, with the machine's paths.
_METADATA_FILES = ("METADATA", "WHEEL", "entry_points.txt", "top_level.txt", "LICENSE")
_TAG = "py3-none-any"
# The earliest that a ZIP file can tell, so that the same files are packed to the same bytes.
_TIME = (1980, 1, 1, 0, 0, 0)
_NAME_CHARACTERS = 16


def add_worker_sources(options: Sequence[str]) -> list[str]:
    """Tell Beam what its workers get, unless the options say so already.

    Args:
        options: Beam's options, each ``--key=value``.

    Returns:
        The options; with ``--setup_file`` in a checkout, with ``--extra_package`` of a wheel where
        one is installed. The wheel is written to the user's cache folder where it is missing.

    Raises:
        OperationError: If the wheel can't be written.
    """
    if any(option.startswith(_PACKAGE_OPTIONS) for option in options):
        return list(options)
    if is_checkout():
        return [*options, f"--setup_file={CODE_ROOT / 'setup.py'}"]
    [distribution] = importlib.metadata.Distribution.discover(
        name=DISTRIBUTION, path=[str(CODE_ROOT)]
    )
    return [*options, f"--extra_package={keep_wheel(distribution, _find_cache_directory())}"]


def is_checkout() -> bool:
    """Tell whether the code at work lies in a checkout; otherwise it was installed."""
    return (CODE_ROOT / "setup.py").is_file()


def keep_wheel(distribution: importlib.metadata.Distribution, directory: Path) -> Path:
    """Pack an installed distribution into a wheel, where that has not been done before.

    Args:
        distribution: The distribution, installed from a wheel of pure Python.
        directory: Folder of a folder for each content that was ever packed.

    Returns:
        The wheel.

    Raises:
        OperationError: If it can't be written.
    """
    files = _list_packed(distribution)
    record = _write_record(files)
    name = distribution.metadata["Name"].replace("-", "_")
    folder = directory / hashlib.sha256(record.encode()).hexdigest()[:_NAME_CHARACTERS]
    path = folder / f"{name}-{distribution.version}-{_TAG}.whl"
    if not path.is_file():
        try:
            write_whole(path, _pack(files, record))
        except OSError as error:
            raise OperationError(
                f"{path}: the wheel for Beam's workers can't be written: {error.strerror}; set "
                "XDG_CACHE_HOME to a folder that can be written to"
            ) from error
    return path


def _list_packed(
    distribution: importlib.metadata.Distribution,
) -> list[importlib.metadata.PackagePath]:
    """List the files that came in the wheel, but the list itself, which is written anew."""
    installed = [file for file in distribution.files or () if file.hash and ".." not in file.parts]
    return sorted(
        file
        for file in installed
        if not file.parts[0].endswith(".dist-info") or file.name in _METADATA_FILES
    )


def _write_record(files: Sequence[importlib.metadata.PackagePath]) -> str:
    """Write RECORD: a line of path, hash and bytes for each file, and one for itself."""
    metadata_folder = next(file.parts[0] for file in files if file.name == "METADATA")
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    for file in files:
        lines.writerow((file.as_posix(), f"{file.hash.mode}={file.hash.value}", file.size))
    lines.writerow((f"{metadata_folder}/RECORD", "", ""))
    return text.getvalue()


def _pack(files: Sequence[importlib.metadata.PackagePath], record: str) -> bytes:
    record_path = record.splitlines()[-1].partition(",")[0]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as wheel:
        for file in files:
            wheel.writestr(zipfile.ZipInfo(file.as_posix(), _TIME), file.read_binary())
        wheel.writestr(zipfile.ZipInfo(record_path, _TIME), record)
    return buffer.getvalue()


def _find_cache_directory() -> Path:
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path("~/.cache").expanduser()) / DISTRIBUTION
