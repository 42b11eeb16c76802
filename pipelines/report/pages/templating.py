"""The Jinja2 environment of the pages: what their templates may call, and their security policy.

Autoescaping is on for every template, and an unknown name is an error. Style and script are part of
the page; the policy allows these two by their hashes, and nothing else: no other script, no inline
style, no request to anywhere.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import re
from collections.abc import Mapping

import jinja2
import markupsafe

from components.metrics.evaluation import MetricComparison
from components.model_validator.gate_result import GateResult
from components.model_validator.gates import RULE_SIGNS
from pipelines.report.charts import marks, numerals
from pipelines.report.charts.chart import printable
from pipelines.report.model.data_report import measure_use
from pipelines.report.pages import glyphs

_ACRONYMS = {
    "auc": "AUC",
    "auc precision recall": "AUC precision–recall",
    "l infinity": "L-infinity",
    "jensen shannon": "Jensen–Shannon",
}


def render(template: str, **context: object) -> str:
    """Render a page: one HTML document that needs no other file.

    Raises:
        jinja2.UndefinedError: If the template uses a name that is not given.
    """
    environment = _create_environment()
    style, script = (_read_source(environment, name) for name in ("page.css", "page.js"))
    policy = (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    return environment.get_template(template).render(
        **context,
        policy=policy,
        style=markupsafe.Markup(style),
        script=markupsafe.Markup(script),
    )


def compile_templates() -> None:
    """Compile all templates; they stay compiled in this process."""
    environment = _create_environment()
    for name in environment.list_templates(extensions=["html"]):
        environment.get_template(name)


def format_words(name: str) -> str:
    """Format a name of code for people: ``expected_calibration_error``, ``DRIFT_HIGH``."""
    words = name.replace("_", " ").strip().lower()
    return _ACRONYMS.get(words, words)


def format_breakable(name: str) -> markupsafe.Markup:
    """Format a name that can be broken after each underscore and equals sign."""
    escaped = str(markupsafe.escape(printable(name)))
    return markupsafe.Markup(re.sub("([_=])", r"\1<wbr>", escaped))


def format_message(text: str) -> markupsafe.Markup:
    """Format a message, with what stands between backticks as code."""
    escaped = str(markupsafe.escape(text))
    return markupsafe.Markup(re.sub("`([^`]*)(?:`|$)", r"<code>\1</code>", escaped))


def measure_change(metric: MetricComparison) -> float | None:
    """Measure the change from the champion's value; None where one of the two is missing."""
    if metric.value is None or metric.baseline is None:
        return None
    return metric.value - metric.baseline


def format_sentence(text: str) -> str:
    """Format a text as a sentence: with a capital and a full stop."""
    text = text.strip()
    if not text:
        return ""
    first = text.split(maxsplit=1)[0]
    # A name like DataGate or auc_floor keeps its own spelling.
    start = text if "_" in first or not first.islower() else text[0].upper() + text[1:]
    return start if start[-1] in ".!?…" else f"{start}."


def format_limit(gate: GateResult) -> str:
    """Format a gate's limit with its sign, as the ending screen does."""
    return f"{RULE_SIGNS[gate.rule]} {gate.limit:g}"


def format_split_counts(rows: Mapping[str, int]) -> str:
    """Format rows by split: ``train 7,004, test 4,479``."""
    return ", ".join(f"{split} {count:,}" for split, count in rows.items())


@functools.cache
def _create_environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("pipelines.report", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        breakable=format_breakable,
        change=numerals.format_change,
        change_from_champion=measure_change,
        column_mark=marks.mark_column,
        count=numerals.format_count,
        gate_mark=marks.mark_gate,
        heights=glyphs.scale_heights,
        interval=numerals.format_interval,
        limit=format_limit,
        message=format_message,
        metric=numerals.format_metric,
        number=numerals.format_number,
        printable=printable,
        seconds=numerals.format_seconds,
        sentence=format_sentence,
        share=numerals.format_share,
        slice_group=marks.judge_slice,
        slice_mark=marks.mark_slice,
        split_counts=format_split_counts,
        time=numerals.format_time,
        use=measure_use,
        words=format_words,
    )
    environment.globals.update(
        distance_marks=marks.DISTANCE_MARKS,
        item_marks=marks.ITEM_MARKS,
        place_interval=glyphs.place_interval,
        refusal_marks=marks.REFUSAL_MARKS,
        severity_marks=marks.SEVERITY_MARKS,
        state_marks=marks.STATE_MARKS,
        verdict_marks=marks.VERDICT_MARKS,
    )
    return environment


def _read_source(environment: jinja2.Environment, name: str) -> str:
    assert environment.loader is not None
    return environment.loader.get_source(environment, name)[0]


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"
