"""The set-up: requirements, lock, Makefile and the script that makes ``.venv``."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from pipelines import __version__

ROOT = Path(__file__).resolve().parents[1]
SET_UP_FILES = [
    ROOT / "Makefile",
    ROOT / "pyproject.toml",
    *sorted((ROOT / "requirements").iterdir()),
]

# All that the script calls before it has found a Python.
SHELL_TOOLS = ("cat", "cmp", "dirname")

# Stands in for uv: makes an environment whose Python is the one that runs the tests, and notes
# each installation. A file "broken" beside it makes installations fail.
FAKE_UV = """#!/bin/sh
case "$*" in
"python find"*) exit 1 ;;
"venv "*)
    for folder; do :; done
    mkdir -p "$folder/bin"
    printf '#!/bin/sh\\nexec "%s" "$@"\\n' "{python}" >"$folder/bin/python"
    chmod +x "$folder/bin/python"
    ;;
"pip sync "*)
    [ ! -e "{folder}/broken" ] || exit 1
    sleep 0.2
    echo sync >>"{folder}/calls"
    ;;
esac
"""


@pytest.fixture(scope="module")
def distribution(tmp_path_factory: pytest.TempPathFactory) -> importlib.metadata.Distribution:
    """Have the build backend read pyproject.toml, without building anything."""
    folder = tmp_path_factory.mktemp("metadata")
    code = (
        "import sys; from setuptools import build_meta; "
        "build_meta.prepare_metadata_for_build_wheel(sys.argv.pop())"
    )
    subprocess.run([sys.executable, "-c", code, folder], cwd=ROOT, check=True, capture_output=True)
    [metadata] = folder.glob("*.dist-info")
    return importlib.metadata.Distribution.at(metadata)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Give a folder with what the script needs, and a fake uv in ``bin``."""
    folder = tmp_path / "check out"
    (folder / "requirements").mkdir(parents=True)
    (folder / "bin").mkdir()
    for name in (".python-version", "requirements/setup-venv.sh", "requirements/lock.txt"):
        shutil.copy(ROOT / name, folder / name)
    uv = folder / "bin" / "uv"
    uv.write_text(FAKE_UV.format(python=sys.executable, folder=folder))
    uv.chmod(0o755)
    return folder


def start_set_up(checkout: Path, env: Mapping[str, str]) -> subprocess.Popen[str]:
    """Start the script, with a given environment only."""
    return subprocess.Popen(
        [shutil.which("sh") or "sh", str(checkout / "requirements" / "setup-venv.sh")],
        env=dict(env),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def set_up(checkout: Path) -> int:
    """Run the script with the fake uv and the Python of the tests, and return its exit code."""
    process = start_set_up(checkout, fake_environment(checkout))
    process.communicate(timeout=60)
    return process.returncode


def fake_environment(checkout: Path) -> dict[str, str]:
    """Return an environment in which the fake uv comes first."""
    path = os.pathsep.join([str(checkout / "bin"), os.environ["PATH"]])
    return {"PATH": path, "PYTHON": sys.executable}


def count_installations(checkout: Path) -> int:
    """Count how often the fake uv has installed the lock."""
    calls = checkout / "calls"
    return len(calls.read_text().splitlines()) if calls.exists() else 0


def read_lock(name: str = "lock.txt") -> dict[str, str]:
    """Read a lock as a map of canonical names to versions."""
    lines = (ROOT / "requirements" / name).read_text().splitlines()
    pins = [line.split("==") for line in lines if line and line[0] not in " #"]
    return {canonicalize_name(name): version for name, version in pins}


def read_inputs() -> set[str]:
    """Read the canonical names of the direct requirements."""
    lines = [
        line.partition("#")[0].strip()
        for name in ("runtime.in", "dev.in")
        for line in (ROOT / "requirements" / name).read_text().splitlines()
    ]
    return {
        canonicalize_name(Requirement(line).name) for line in lines if line[:1] not in ("", "-")
    }


def test_lock_satisfies_the_declared_ranges(distribution: importlib.metadata.Distribution) -> None:
    """What is tested is within what pyproject.toml promises."""
    lock = read_lock()
    requirements = map(Requirement, distribution.requires or ())

    outside = [
        str(requirement)
        for requirement in requirements
        if not requirement.specifier.contains(lock[canonicalize_name(requirement.name)])
    ]

    assert outside == []


def test_benchmark_compares_with_the_libraries_of_the_pipeline() -> None:
    """What both environments hold is of the same version, so TFX's own pipeline has no handicap."""
    ours, stock = read_lock(), read_lock("stock.txt")
    shared = ours.keys() & stock.keys()

    assert {"tfx", "tensorflow", "tf-keras", "keras", "apache-beam", "pip"} - shared == {"pip"}
    assert {name: stock[name] for name in shared} == {name: ours[name] for name in shared}


def test_python_of_the_lock_is_supported(distribution: importlib.metadata.Distribution) -> None:
    """The Python that the environment is made of is one that pyproject.toml accepts."""
    version = (ROOT / ".python-version").read_text().strip()

    assert SpecifierSet(distribution.metadata["Requires-Python"]).contains(version)


def test_inputs_and_ranges_name_the_same_packages(
    distribution: importlib.metadata.Distribution,
) -> None:
    """A direct requirement stands in the lock's inputs and in pyproject.toml alike."""
    ranges = map(Requirement, distribution.requires or ())

    assert read_inputs() == {canonicalize_name(requirement.name) for requirement in ranges}


def test_version_has_one_source(distribution: importlib.metadata.Distribution) -> None:
    """A distribution is built with the version that the package tells."""
    assert distribution.version == __version__


@pytest.mark.parametrize("path", SET_UP_FILES, ids=lambda path: path.name)
def test_set_up_names_no_host(path: Path) -> None:
    """Where packages come from is each machine's own setting."""
    text = path.read_text(encoding="utf-8")

    assert "://" not in text


def test_make_lists_the_targets() -> None:
    """Plain ``make`` shows what can be done, and does nothing."""
    result = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True)

    listed = [line.split()[1] for line in result.stdout.splitlines()]
    assert {"run-local", "data", "test", "lint", "types", "format", "lock"} <= set(listed)


def test_environment_that_agrees_is_left_alone(checkout: Path) -> None:
    """A second set-up installs nothing, even if the lock's time stamp has changed."""
    assert set_up(checkout) == 0
    (checkout / "requirements" / "lock.txt").touch()

    assert set_up(checkout) == 0
    assert count_installations(checkout) == 1


def test_changed_lock_is_installed(checkout: Path) -> None:
    """An environment made from another lock is stale."""
    set_up(checkout)
    with (checkout / "requirements" / "lock.txt").open("a") as lock:
        lock.write("one-more==1.0\n")

    assert set_up(checkout) == 0
    assert count_installations(checkout) == 2


def test_interrupted_set_up_starts_anew(checkout: Path) -> None:
    """What a failed set-up left behind is neither trusted nor kept."""
    (checkout / "broken").touch()
    assert set_up(checkout) != 0
    (checkout / "broken").unlink()
    leftover = checkout / ".venv" / "half-installed"
    leftover.touch()

    assert set_up(checkout) == 0
    assert count_installations(checkout) == 1
    assert not leftover.exists()


def test_set_ups_take_turns(checkout: Path) -> None:
    """Of two at a time, one installs and the other waits for it."""
    processes = [start_set_up(checkout, fake_environment(checkout)) for _ in range(2)]
    for process in processes:
        process.communicate(timeout=60)

    assert [process.returncode for process in processes] == [0, 0]
    assert count_installations(checkout) == 1


def test_missing_python_is_told_in_one_sentence(checkout: Path, tmp_path: Path) -> None:
    """Without a Python 3.10, one line says so and what to install, and nothing is made."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in SHELL_TOOLS:
        (tools / name).symlink_to(shutil.which(name) or name)

    process = start_set_up(checkout, {"PATH": str(tools), "HOME": str(tmp_path)})
    stdout, stderr = process.communicate(timeout=60)

    assert process.returncode == 2
    assert stdout == ""
    (sentence,) = stderr.splitlines()
    assert "Python 3.10 was not found" in sentence
    assert "install" in sentence
    assert not (checkout / ".venv").exists()


def test_named_python_that_does_not_run_is_refused(checkout: Path) -> None:
    """PYTHON is the user's choice: where it does not serve, no other is taken instead."""
    process = start_set_up(checkout, {**fake_environment(checkout), "PYTHON": "/nowhere/python"})
    _, stderr = process.communicate(timeout=60)

    assert process.returncode == 2
    (sentence,) = stderr.splitlines()
    assert "PYTHON=/nowhere/python" in sentence
