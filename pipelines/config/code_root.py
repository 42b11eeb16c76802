"""Where the code lies."""

from __future__ import annotations

from pathlib import Path

CODE_ROOT = Path(__file__).resolve().parents[2]
"""Folder of the packages ``schemas``, ``components`` and ``pipelines``: a checkout, or an
environment's ``site-packages``. Nothing is written there."""
