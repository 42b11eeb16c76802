"""The set-up: requirements, lock, Makefile and the script that makes ``.venv``."""

from __future__ import annotations

import functools
import hashlib
import http.server
import importlib.metadata
import os
import re
import shutil
import stat
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from uv import find_uv_bin

from pipelines import __version__

ROOT = Path(__file__).resolve().parents[1]
SET_UP_FILES = [
    ROOT / "Makefile",
    ROOT / "pyproject.toml",
    *sorted((ROOT / "requirements").iterdir()),
]

LOCKS = ("lock.txt", "airflow.txt", "stock.txt", "compiler.txt")

# All that the script calls before it has found a Python.
SHELL_TOOLS = ("cat", "cmp", "dirname")

# All that it calls further.
MORE_SHELL_TOOLS = ("date", "grep", "mv", "rm", "sed", "tail")

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


# A build backend whose editable wheel lies in a folder beside it.
BACKEND = """
import shutil

def build_editable(folder, config_settings=None, metadata_directory=None):
    assert config_settings == {"editable_mode": "compat"}
    return shutil.copy("product/product-1.0-py3-none-any.whl", folder).rpartition("/")[2]
"""
PROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
"""


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


def link_tools(folder: Path, names: tuple[str, ...]) -> Path:
    """Make a folder for PATH that holds these commands alone."""
    tools = folder / "tools"
    tools.mkdir()
    for name in names:
        (tools / name).symlink_to(shutil.which(name) or name)
    return tools


def count_installations(checkout: Path) -> int:
    """Count how often the fake uv has installed the lock."""
    calls = checkout / "calls"
    return len(calls.read_text().splitlines()) if calls.exists() else 0


def read_lock(name: str = "lock.txt") -> dict[str, str]:
    """Read a lock as a map of canonical names to versions."""
    lines = (ROOT / "requirements" / name).read_text().splitlines()
    pins = [line.removesuffix(" \\").split("==") for line in lines if line and line[0] not in " #"]
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


@pytest.mark.parametrize("name", LOCKS)
def test_every_package_of_a_lock_has_a_hash(name: str) -> None:
    """Nothing is installed that is another file than the one that was locked."""
    text = (ROOT / "requirements" / name).read_text()

    entries = re.split(r"\n(?=[^ #])", text)[1:]
    assert entries
    assert [entry for entry in entries if "\n    --hash=sha256:" not in entry] == []


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
    tools = link_tools(tmp_path, SHELL_TOOLS)

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


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """Serves a folder, and tells nobody."""

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def write_wheel(index: Path, name: str, version: str, files: Mapping[str, bytes]) -> str:
    """Write a wheel into an index, and return its lines in a lock."""
    about = f"{name}-{version}.dist-info"
    contents = {
        **files,
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode(),
        f"{about}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},,\n" for path in (*contents, f"{about}/RECORD"))
    wheel = index / name / f"{name}-{version}-py3-none-any.whl"
    wheel.parent.mkdir(parents=True)
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, content in {**contents, f"{about}/RECORD": record.encode()}.items():
            entry = zipfile.ZipInfo(path)
            entry.external_attr = (stat.S_IFREG | 0o755) << 16  # uv is a program
            archive.writestr(entry, content)
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    return f"{name}=={version} \\\n    --hash=sha256:{digest}\n"


@pytest.fixture
def without_uv(checkout: Path, tmp_path: Path) -> Iterator[dict[str, str]]:
    """Give an environment without uv, whose pip has an index: uv, and what the checkout locks."""
    index, home = tmp_path / "index", tmp_path / "home"
    uv_version = importlib.metadata.version("uv")
    binary = {f"uv-{uv_version}.data/scripts/uv": Path(find_uv_bin()).read_bytes()}
    lock = write_wheel(index, "leaf", "1.0", {"leaf.py": b"GREEN = True\n"})
    lock += write_wheel(index, "uv", uv_version, binary)
    (checkout / "requirements" / "lock.txt").write_text(lock)
    write_wheel(checkout, "product", "1.0", {"product.py": b"HERE = True\n"})
    (checkout / "backend.py").write_text(BACKEND)
    (checkout / "pyproject.toml").write_text(PROJECT)
    handler = functools.partial(QuietHandler, directory=str(index))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        settings = home / ".config" / "pip" / "pip.conf"
        settings.parent.mkdir(parents=True)
        settings.write_text(f"[global]\nindex-url = http://127.0.0.1:{server.server_port}/\n")
        tools = link_tools(tmp_path, SHELL_TOOLS + MORE_SHELL_TOOLS)
        yield {"PATH": str(tools), "HOME": str(home), "PYTHON": sys.executable}
        server.shutdown()


def test_sets_up_without_uv_from_the_index_of_pip(
    checkout: Path, without_uv: dict[str, str]
) -> None:
    """Where there is no uv, pip brings the locked one from its own index, which uv uses too."""
    process = start_set_up(checkout, without_uv)
    _, stderr = process.communicate(timeout=120)

    assert process.returncode == 0, stderr
    python = checkout / ".venv" / "bin" / "python"
    subprocess.run([python, "-c", "import leaf; assert leaf.GREEN"], check=True)
    subprocess.run([python, "-c", "import product; assert product.HERE"], check=True)
    assert not list((checkout / ".venv").glob("uv*"))
    again = start_set_up(checkout, without_uv)
    assert again.communicate(timeout=60) == ("", "")


@pytest.mark.parametrize("name", ["leaf", "uv"])
def test_refuses_a_package_of_another_hash(
    checkout: Path, without_uv: dict[str, str], name: str
) -> None:
    """A file that is not the locked one is not installed, be it a package or uv itself."""
    lock = checkout / "requirements" / "lock.txt"
    locked = rf"(\n|^)({name}==[^\n]*\n    --hash=sha256:)\w{{8}}"
    lock.write_text(re.sub(locked, r"\g<1>\g<2>00000000", lock.read_text()))

    process = start_set_up(checkout, without_uv)
    _, stderr = process.communicate(timeout=120)

    assert process.returncode != 0
    assert "hash" in stderr.lower()
    assert not (checkout / ".venv" / "installed-lock.txt").exists()
    assert not list((checkout / ".venv").glob("lib/*/site-packages/leaf.py"))
