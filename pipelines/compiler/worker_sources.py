"""Where Beam's workers on other machines import this product from: a checkout, or a wheel."""

from __future__ import annotations

import hashlib
import importlib.metadata
import io
import os
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from components.atomic_write import atomic_write
from components.errors import OperationError
from pipelines.config.code_root import CODE_ROOT

DISTRIBUTION = "tfx-production-pipeline"

# Options that say what workers get. Without any, TFX builds a package of itself in every node.
_PACKAGE_OPTIONS = ("--setup_file=", "--requirements_file=", "--extra_package", "--sdk_container")
# What a wheel's metadata folder holds; installers add files of their own, with the machine's paths.
_METADATA_FILES = ("METADATA", "WHEEL", "entry_points.txt", "top_level.txt", "LICENSE")
_TAG = "py3-none-any"
# The earliest time of a ZIP file, so that the same files are packed to the same bytes.
_TIME = (1980, 1, 1, 0, 0, 0)
_NAME_CHARACTERS = 16


def add_worker_sources(options: Sequence[str]) -> list[str]:
    """Add to Beam's options what its workers get, unless they say so already.

    Returns:
        The options, each ``--key=value``; with ``--setup_file`` in a checkout, with
        ``--extra_package`` of a wheel where one is installed, which is written to the user's cache
        folder where it is missing.

    Raises:
        OperationError: If the code is neither in a checkout nor installed, or the wheel can't be
            written.
    """
    if any(option.startswith(_PACKAGE_OPTIONS) for option in options):
        return list(options)
    if is_checkout():
        return [*options, f"--setup_file={CODE_ROOT / 'setup.py'}"]
    found = importlib.metadata.Distribution.discover(name=DISTRIBUTION, path=[str(CODE_ROOT)])
    for distribution in found:
        return [*options, f"--extra_package={keep_wheel(distribution, _find_cache_directory())}"]
    raise OperationError(
        f"{CODE_ROOT}: neither a checkout with its setup.py nor an installed {DISTRIBUTION}; say "
        "by beam.options what Beam's workers get, such as --extra_package=WHEEL"
    )


def is_checkout() -> bool:
    """Tell whether this code lies in a checkout; otherwise it was installed."""
    return (CODE_ROOT / "setup.py").is_file()


def keep_wheel(distribution: importlib.metadata.Distribution, directory: Path) -> Path:
    """Pack a distribution of pure Python into a wheel, where that has not been done before.

    Args:
        directory: Folder of one folder per content that was ever packed.

    Raises:
        OperationError: If it can't be written.
    """
    stem = f"{distribution.metadata['Name'].replace('-', '_')}-{distribution.version}"
    # What is made while installing, such as RECORD itself and compiled code, has no hash.
    rows = sorted(
        f"{file},{file.hash.mode}={file.hash.value},{file.size}"
        for file in distribution.files or ()
        if file.hash and _came_in_wheel(file)
    )
    record_name = f"{stem}.dist-info/RECORD"
    record = "\n".join([*rows, f"{record_name},,", ""]).encode()
    digest = hashlib.sha256(record).hexdigest()[:_NAME_CHARACTERS]
    path = directory / digest / f"{stem}-{_TAG}.whl"
    if not path.is_file():
        names = [row.partition(",")[0] for row in rows]
        files = {name: Path(str(distribution.locate_file(name))).read_bytes() for name in names}
        try:
            atomic_write(path, _pack({**files, record_name: record}))
        except OSError as error:
            raise OperationError(
                f"{path}: the wheel for Beam's workers can't be written: {error.strerror}; set "
                "XDG_CACHE_HOME to a folder that can be written to"
            ) from error
    return path


def _came_in_wheel(path: PurePosixPath) -> bool:
    folder = path.parts[0]
    return folder != ".." and (not folder.endswith(".dist-info") or path.name in _METADATA_FILES)


def _pack(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as wheel:
        for name, content in files.items():
            wheel.writestr(zipfile.ZipInfo(name, _TIME), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _find_cache_directory() -> Path:
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path("~/.cache").expanduser()) / DISTRIBUTION
