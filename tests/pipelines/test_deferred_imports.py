"""Packages whose code runs when it is needed, not when one of their modules is imported."""

from __future__ import annotations

import gc
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.deferred_imports import paused_collection

ROOT = Path(__file__).parents[2]


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package that says when its code runs, with a module that does not need it."""
    folder = tmp_path / "heavy"
    folder.mkdir()
    (folder / "__init__.py").write_text(
        "print('heavy runs')\nfrom heavy.part import PART\n__all__ = ['WHOLE']\nWHOLE = 1\n"
    )
    (folder / "part.py").write_text("print('part runs')\nPART = 2\n")
    return tmp_path


def run(package: Path, code: str) -> list[str]:
    """Run code in a fresh process that puts the package off; gives what it prints."""
    program = (
        "from pipelines import deferred_imports\n"
        "deferred_imports.DEFERRED = ('heavy',)\n"
        "deferred_imports.defer_imports()\n" + code
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": f"{ROOT}:{package}"},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()


@pytest.mark.parametrize(
    "code", ["import heavy.part", "from heavy import part", "from heavy.part import PART"]
)
def test_a_module_is_had_without_its_package(package: Path, code: str) -> None:
    """Importing a module of a package that is put off runs the module alone."""
    assert run(package, code) == ["part runs"]


@pytest.mark.parametrize(
    "code", ["import heavy; heavy.WHOLE", "from heavy import WHOLE", "from heavy import *; WHOLE"]
)
def test_a_package_is_whole_once_something_of_it_is_used(package: Path, code: str) -> None:
    """Its code runs, once, before what it defines is given."""
    assert run(package, f"{code}; import heavy; heavy.PART") == ["heavy runs", "part runs"]


def test_what_is_not_there_is_an_error(package: Path) -> None:
    """A name that the package does not define is missed as usual, after its code has run."""
    code = "import heavy\nprint(hasattr(heavy, 'other'), hasattr(heavy, '__wrapped__'))"
    assert run(package, code) == ["heavy runs", "part runs", "False False"]


def test_garbage_is_looked_for_again_afterwards() -> None:
    """Also after an import that fails; where it was off before, it stays off."""
    with pytest.raises(ImportError), paused_collection():
        assert not gc.isenabled()
        raise ImportError
    assert gc.isenabled()
    gc.disable()
    try:
        with paused_collection():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
        gc.unfreeze()


def test_others_are_imported_as_ever(package: Path) -> None:
    """A package that is not put off runs at once."""
    (package / "light.py").write_text("print('light runs')\n")
    assert run(package, "import light") == ["light runs"]
