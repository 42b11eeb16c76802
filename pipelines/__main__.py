"""``python -m pipelines``: says in one line what to do where the environment does not fit.

Whatever Python is at work imports this module and ``pipelines`` itself; both are so plain that any
of 3.8 or newer can.
"""

import sys

_PYTHON = "3.10"
_REMEDY = (
    "run `make venv` in the checkout and use its .venv/bin/python, or install "
    f"tfx-production-pipeline into an environment of Python {_PYTHON}"
)
_OWN_PACKAGES = ("schemas", "components", "pipelines")


def main() -> int:
    """Run a command, or say what is missing for it."""
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    if version != _PYTHON:
        return _complain(f"{sys.executable}: got Python {version}, expected {_PYTHON}")
    try:
        from pipelines.cli import main as run_command

        return run_command()
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package in _OWN_PACKAGES:
            raise
        return _complain(f"{sys.executable}: the package {package} is not installed")


def _complain(problem: str) -> int:
    print(f"error: {problem}; {_REMEDY}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
