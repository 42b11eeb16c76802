from __future__ import annotations

import base64
import hashlib
import re

import jinja2
import pytest

from pipelines.report.pages import templating
from pipelines.report.pages.run_page import render_report
from tests.tiny_report import HOSTILE, create_report


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("auc", "AUC"),
        ("expected_calibration_error", "expected calibration error"),
        ("DRIFT_HIGH", "drift high"),
        ("jensen_shannon", "Jensen–Shannon"),
    ],
)
def test_names_of_code_become_words(name: str, words: str) -> None:
    """People read words, not names."""
    assert templating.format_words(name) == words


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("version 7 is in place", "Version 7 is in place."),
        ("DataGate refused the data", "DataGate refused the data."),
        ("auc_floor failed", "auc_floor failed."),
        ("why?", "Why?"),
        ("", ""),
    ],
)
def test_reasons_become_sentences(text: str, sentence: str) -> None:
    """A reason gets a capital and a full stop, a name keeps its spelling."""
    assert templating.format_sentence(text) == sentence


def test_code_in_a_message_is_marked_and_escaped() -> None:
    """What stands between backticks is code, and nothing is markup."""
    assert templating.format_message("run `<b>` & `x") == (
        "run <code>&lt;b&gt;</code> &amp; <code>x</code>"
    )


def test_long_names_break_between_their_parts_only() -> None:
    """A name keeps its parts whole, and a slice its value."""
    assert templating.format_breakable("a_<b>") == "a_<wbr>&lt;b&gt;"
    assert templating.format_breakable("company=Blue Cab") == "company=<wbr>Blue Cab"


def test_policy_allows_this_style_and_script_alone() -> None:
    """The hashes in the policy are those of the page's own style and script."""
    page = render_report(create_report())
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy is not None
    for tag, directive in (("style", "style-src"), ("script", "script-src")):
        body = re.search(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        assert body is not None
        digest = base64.b64encode(hashlib.sha256(body[1].encode()).digest()).decode()
        assert f"{directive} &#39;sha256-{digest}&#39;" in policy[1]
    assert "unsafe" not in policy[1]
    assert policy[1].startswith("default-src &#39;none&#39;")


def test_templates_escape_and_refuse_what_is_not_there() -> None:
    """Every value is escaped, and a name that is missing is an error."""
    with pytest.raises(jinja2.UndefinedError):
        templating.render("run.html")
    assert HOSTILE not in render_report(create_report())
