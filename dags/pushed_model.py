"""The asset that stands for a pipeline's pushed models."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from airflow.sdk import Asset, AssetAlias

from pipelines.config.layout import OutputLayout
from pipelines.records.description import PipelineDescription


def create_asset(pipeline: PipelineDescription) -> Asset:
    """Name the folder of pushed models as an asset; each event of it is one new version."""
    serving_root = OutputLayout(Path(pipeline.output_root)).serving_root
    return Asset(name=f"{pipeline.name}_pushed_model", uri=serving_root.as_uri())


def create_alias(pipeline: PipelineDescription) -> AssetAlias:
    """Create Pusher's outlet, through which it announces a version, or nothing.

    A plain asset as outlet would get an event from every Pusher that ends well, also from one that
    found its model in place already.
    """
    return AssetAlias(name=f"{pipeline.name}_newly_pushed")


def find_triggering_version(context: Any) -> int | None:
    """Find the newest version that triggered a run; None where a person started it."""
    events = [event for each in context["triggering_asset_events"].values() for event in each]
    versions = [int(event.extra["version"]) for event in events if "version" in event.extra]
    return max(versions, default=None)
