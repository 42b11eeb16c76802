"""For Beam, whose ``--setup_file`` wants this file; pyproject.toml describes the distribution."""

from setuptools import setup

if __name__ == "__main__":
    setup()
