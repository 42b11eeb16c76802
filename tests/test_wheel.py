"""The wheel, installed in a fresh environment elsewhere: every command works, from any folder."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines import __version__

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("schemas", "components", "pipelines")

pytestmark = pytest.mark.wheel


class Installation:
    """An environment that holds the wheel, and folders of a user who has nothing else.

    Attributes:
        wheel: What was installed.
        environment: Folder of the environment.
        home: Folder that the user's caches go to.
        work: Folder that commands are typed in; empty at first.
    """

    def __init__(self, wheel: Path, environment: Path, home: Path) -> None:
        """Take what was made; the working folder is made here."""
        self.wheel = wheel
        self.environment = environment
        self.home = home
        self.work = home / "work"
        self.work.mkdir(parents=True)
        (home / "runtime").mkdir(mode=0o700)

    @property
    def site_packages(self) -> Path:
        """Folder that the wheel was unpacked to."""
        return self.environment / "lib" / "python3.10" / "site-packages"

    def run(self, program: str, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a program of the environment in the working folder."""
        return subprocess.run(
            [str(self.environment / "bin" / program), *words],
            cwd=self.work,
            check=False,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(self.home),
                "XDG_RUNTIME_DIR": str(self.home / "runtime"),
                "PYTHONDONTWRITEBYTECODE": "1",
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )

    def list_files(self) -> set[Path]:
        """List what lies in ``site-packages``."""
        return set(self.site_packages.rglob("*"))


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """The wheel of this checkout beside the packages of the lock."""
    # Links are resolved, as the product names the folders itself.
    folder = tmp_path_factory.mktemp("wheel").resolve()
    uv = (sys.executable, "-m", "uv", "--quiet")
    _check_call(
        *uv, "build", "--no-build-isolation", "--python", sys.executable, "-o", folder, ROOT
    )
    [wheel] = folder.glob("*.whl")
    environment = folder / "environment"
    _check_call(
        "sh",
        ROOT / "requirements" / "setup-venv.sh",
        os.path.relpath(environment, ROOT),
        "requirements/lock.txt",
        (ROOT / ".python-version").read_text().strip(),
    )
    _check_call(
        *(*uv, "pip", "install", "--no-deps", "--python", environment / "bin" / "python", wheel)
    )
    made = Installation(wheel, environment, folder / "home")
    yield made
    made.run("tfx-pipelines", "workers", "stop")


@pytest.fixture(scope="module")
def files_before(installation: Installation) -> set[Path]:
    """What lay in ``site-packages`` before any command."""
    return installation.list_files()


@pytest.fixture(scope="module")
def statistics_run(
    installation: Installation, files_before: set[Path]
) -> subprocess.CompletedProcess[str]:
    """A run up to StatisticsGen, in an empty folder."""
    return installation.run("tfx-pipelines", "run", "--to", "StatisticsGen")


def test_code_comes_from_the_environment(installation: Installation) -> None:
    """The three packages are imported from the environment, with the version of the wheel."""
    code = f"import {', '.join(PACKAGES)}; print(*(m.__file__ for m in ({', '.join(PACKAGES)})))"

    done = installation.run("python", "-c", code)

    assert done.stdout.split() == [
        str(installation.site_packages / package / "__init__.py") for package in PACKAGES
    ]
    assert f"-{__version__}-" in installation.wheel.name


@pytest.mark.parametrize("package", PACKAGES)
def test_wheel_says_that_it_is_typed(installation: Installation, package: str) -> None:
    """Type checkers of those who import the product read its annotations."""
    assert (installation.site_packages / package / "py.typed").is_file()


def test_answers_without_a_checkout(installation: Installation) -> None:
    """Help and version are told, under the command's own name."""
    told = installation.run("tfx-pipelines", "--help")
    version = installation.run("tfx-pipelines", "--version")

    assert (told.returncode, version.returncode) == (0, 0)
    assert told.stdout.startswith("Usage: tfx-pipelines")
    assert version.stdout.split()[-1] == __version__


def test_data_goes_to_the_working_folder(installation: Installation) -> None:
    """The trips of the ``tfx`` wheel are laid out below the folder of the caller."""
    done = installation.run("tfx-pipelines", "data")

    assert done.returncode == 0, done.stderr
    assert (installation.work / "data/chicago_taxi/full/data.csv").is_file()


def test_run_leaves_its_output_in_the_working_folder(
    installation: Installation, statistics_run: subprocess.CompletedProcess[str]
) -> None:
    """A partial run succeeds, writes where it was typed, and its page can be written anew."""
    assert statistics_run.returncode == 0, statistics_run.stdout + statistics_run.stderr
    output = installation.work / "artifacts/chicago_taxi"
    assert list(output.glob("pipeline_root/StatisticsGen/statistics/*/Split-train/*"))

    told = installation.run("tfx-pipelines", "report")

    assert told.returncode == 0, told.stderr
    assert Path(told.stdout.strip()).is_relative_to(output / "reports")


def test_run_names_no_checkout(
    installation: Installation, statistics_run: subprocess.CompletedProcess[str]
) -> None:
    """What was compiled gives Beam's workers the installed code, and knows of no other."""
    run_folders = installation.work / "artifacts/chicago_taxi/runs"
    written = [path for path in run_folders.rglob("*") if path.is_file()]

    assert [path for path in written if str(ROOT) in path.read_text(errors="replace")] == []
    [packed] = installation.home.rglob("*.whl")
    assert [path for path in written if f"--extra_package={packed}" in path.read_text()]


def test_workers_get_the_wheel_as_it_was(
    installation: Installation, statistics_run: subprocess.CompletedProcess[str]
) -> None:
    """The wheel that is packed from the installed files installs, and holds what the wheel held."""
    [packed] = installation.home.rglob("*.whl")
    target = installation.home / "worker"
    _check_call(
        *(sys.executable, "-m", "uv", "--quiet", "pip", "install", "--no-deps", "--offline"),
        *("--target", target, packed),
    )

    assert packed.name == installation.wheel.name
    assert (target / "pipelines" / "config" / "environments" / "local.yaml").is_file()
    assert _read_contents(packed) == _read_contents(installation.wheel)


def test_site_packages_stay_as_they_were(
    installation: Installation,
    files_before: set[Path],
    statistics_run: subprocess.CompletedProcess[str],
) -> None:
    """No command writes beside the code; one that would, says where to do it instead."""
    accepted = installation.run("tfx-pipelines", "schema", "accept", "--feature", "company")

    assert accepted.returncode == 2
    assert "in a checkout" in accepted.stderr
    assert installation.list_files() == files_before


def _check_call(*command: str | Path) -> None:
    subprocess.run([str(word) for word in command], cwd=ROOT, check=True)


def _read_contents(wheel: Path) -> dict[str, bytes]:
    """Read a wheel's files, but the list of them, whose order is free."""
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if not name.endswith("/RECORD")]
        return {name: archive.read(name) for name in names}
