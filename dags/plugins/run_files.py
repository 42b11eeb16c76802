"""Airflow plugin: shows what runs wrote, to those who may see the DAG, below ``/pipeline``.

Reads alone, and only below a pipeline's output root. Everything but the pages of the reports is
shown as plain text or handed out as a file; they are shown with no right to talk to anything.
"""

from __future__ import annotations

import html
import mimetypes
from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote

from airflow.plugins_manager import AirflowPlugin
from airflow.sdk import conf
from fastapi import FastAPI, HTTPException
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse, Response

from dags.airflow_config import load_airflow_config
from dags.airflow_internals import require_access_to_runs
from dags.compiled_pipeline import load_compiled_pipeline
from dags.run_links import create_address
from pipelines.config.layout import OutputLayout

# What is worth a look; the metadata store is not for downloading.
_SHOWN_FOLDERS = ("runs", "reports", "pipeline_root", "serving")
_TEXT_SUFFIXES = (".log", ".json", ".txt", ".pbtxt", ".yaml", ".csv", "")
_MAX_TEXT_BYTES = 5_000_000
_SAFE_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'",
}
_REPORT_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": (
        "sandbox allow-scripts; default-src 'none'; style-src 'unsafe-inline'; "
        "script-src 'unsafe-inline'; img-src data:; font-src data:"
    ),
}

_TITLE = "What pipeline runs wrote"

app = FastAPI(title=_TITLE, openapi_url=None, dependencies=[require_access_to_runs()])


def find_output(dag_id: str) -> OutputLayout:
    """Find where the runs of a DAG are kept.

    Raises:
        HTTPException: If it is no DAG of the compiled pipeline.
    """
    config = load_airflow_config(Path(conf.get("core", "dags_folder")) / "airflow.yaml")
    pipeline = load_compiled_pipeline(config.description)
    if not dag_id.startswith(f"{pipeline.name}_"):
        raise HTTPException(404, f"{dag_id} is no DAG of pipeline {pipeline.name}")
    return OutputLayout(Path(pipeline.output_root))


def find_shown(layout: OutputLayout, place: str) -> Path:
    """Find a file or folder below the output root that may be shown; links are followed.

    Raises:
        HTTPException: If it is outside, hidden or not there.
    """
    missing = HTTPException(404, "no such file here")
    root = layout.root.resolve()
    try:
        path = (root / place).resolve(strict=True)
    except (OSError, ValueError) as error:
        # Not there, or no path at all: a name too long, a null character.
        raise missing from error
    steps = path.relative_to(root).parts if path.is_relative_to(root) else ()
    if not steps or steps[0] not in _SHOWN_FOLDERS:
        raise missing
    return path


@app.get("/{dag_id}/runs/{run_id}/report")
def show_report(dag_id: str, run_id: str) -> Response:
    """Redirect to the report of a run; while there is none, to its folder."""
    layout = find_output(dag_id)
    try:
        has_report = layout.report_path(run_id).is_file()
    except ValueError as error:
        raise HTTPException(404, str(error)) from error
    find_shown(layout, f"runs/{run_id}")
    step = quote(run_id, safe="")
    place = f"reports/{step}/index.html" if has_report else f"files/runs/{step}"
    return RedirectResponse(f"../../{place}", status_code=307)


@app.get("/{dag_id}/reports/{place:path}")
def show_page(dag_id: str, place: str) -> Response:
    """Show a page of the reports, at a place from which its links reach the others."""
    layout = find_output(dag_id)
    path = find_shown(layout, f"reports/{place}")
    if path.suffix != ".html" or not path.is_relative_to(layout.reports_directory.resolve()):
        raise HTTPException(404, "no such page here")
    return FileResponse(path, media_type="text/html", headers=_REPORT_HEADERS)


@app.get("/{dag_id}/files/{place:path}")
def show_file(dag_id: str, place: str) -> Response:
    """Show a folder as a list, text as text, and hand out everything else."""
    path = find_shown(find_output(dag_id), place)
    if path.is_dir():
        return HTMLResponse(
            _list_folder(dag_id, place, sorted(path.iterdir())), headers=_SAFE_HEADERS
        )
    is_text = path.suffix in _TEXT_SUFFIXES and path.stat().st_size <= _MAX_TEXT_BYTES
    if is_text and b"\0" not in path.read_bytes()[:1024]:
        return FileResponse(path, media_type="text/plain; charset=utf-8", headers=_SAFE_HEADERS)
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return FileResponse(path, media_type=kind, filename=path.name, headers=_SAFE_HEADERS)


def _list_folder(dag_id: str, place: str, paths: Iterable[Path]) -> str:
    here = place.strip("/")
    rows = ""
    for path in paths:
        address = html.escape(create_address(dag_id, "files", *here.split("/"), path.name))
        rows += f'<li><a href="{address}">{html.escape(path.name)}{"/" * path.is_dir()}</a></li>'
    return (
        f"<!doctype html><html lang='en'><meta charset='utf-8'><title>{html.escape(here)}</title>"
        f"<style>body{{font-family:sans-serif;margin:2rem}}</style><h1>{html.escape(here)}</h1>"
        f"<ul>{rows}</ul></html>"
    )


class RunFilesPlugin(AirflowPlugin):
    """Serves runs' files, and adds a tab with the report to the page of a run."""

    name = "pipeline_run_files"
    fastapi_apps: ClassVar[list[dict[str, Any]]] = [
        {"app": app, "url_prefix": "/pipeline", "name": _TITLE}
    ]
    external_views: ClassVar[list[dict[str, Any]]] = [
        {
            "name": "Report",
            "href": "/pipeline/{DAG_ID}/runs/{RUN_ID}/report",
            "destination": "dag_run",
            "url_route": "pipeline-report",
        }
    ]
