"""Describe the machine that the benchmark runs on."""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from benchmarks.results import Machine
from pipelines.compiler.source_hash import ALL_SOURCES, hash_sources

_GIB = 1 << 30
_PACKAGES = (
    "tfx",
    "tensorflow",
    "tf-keras",
    "keras",
    "apache-beam",
    "tensorflow-data-validation",
    "tensorflow-transform",
    "tensorflow-model-analysis",
    "numpy",
    "pandas",
    "pyarrow",
    "apache-airflow",
)
_LIST_VERSIONS = """
import importlib.metadata, json, platform, sys
found = {"python": platform.python_version()}
for name in sys.argv[1:]:
    try:
        found[name] = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        pass
print(json.dumps(found))
"""


def describe_machine(directory: Path, pythons: Mapping[str, Path]) -> Machine:
    """Describe this machine.

    Args:
        directory: Where runs write; it exists.
        pythons: Interpreter of each environment, by the environment's name; those that are missing
            are left out.
    """
    return Machine(
        processor=_find_processor(),
        cores=len(os.sched_getaffinity(0)),
        memory_gib=round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / _GIB, 1),
        disk_free_gib=round(shutil.disk_usage(directory).free / _GIB, 1),
        file_system=_find_file_system(directory),
        # The version alone: what a distributor appends has no bearing on speed.
        kernel=f"{platform.system()} {platform.release().partition('-')[0]}",
        code=hash_sources(*ALL_SOURCES)[:12],
        packages={
            name: _list_versions(python) for name, python in pythons.items() if python.is_file()
        },
    )


def _find_processor() -> str:
    found = re.search(r"^model name\s*:(.*)", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return found[1].strip() if found else platform.machine()


def _find_file_system(directory: Path) -> str:
    """Find the type of the file system that a folder is on."""
    mounts = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
    within = [
        (len(point), kind) for _, point, kind, *_ in mounts if directory.is_relative_to(point)
    ]
    return max(within)[1] if within else "unknown"


def _list_versions(python: Path) -> dict[str, str]:
    command = [str(python), "-c", _LIST_VERSIONS, *_PACKAGES]
    versions: dict[str, str] = json.loads(subprocess.check_output(command))
    return versions
