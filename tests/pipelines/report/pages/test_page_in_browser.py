"""The page of a run in Chromium: what it does, and for whom it is readable."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from pipelines.records.run_summary import Verdict
from tests.browser.chromium import PHONE_WIDTH, Opener, Scheme
from tests.tiny_report import HOSTILE

PageMaker = Callable[[Verdict], Path]


def read_column(page: Page, table: str, column: int) -> list[str]:
    """Read the cells of a column of the rows that can be seen."""
    rows = page.locator(f"#{table} tbody tr:visible")
    return [row.locator("th, td").nth(column).inner_text().strip() for row in rows.all()]


@pytest.mark.parametrize("verdict", list(Verdict))
def test_page_is_quiet(open_page: Opener, write_page: PageMaker, verdict: Verdict) -> None:
    """A page says nothing on the console and asks for nothing."""
    opened = open_page(write_page(verdict))
    opened.page.wait_for_load_state("load")
    assert opened.complaints == []
    assert opened.requests == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("verdict", list(Verdict))
def test_page_is_accessible(
    open_page: Opener, write_page: PageMaker, verdict: Verdict, scheme: Scheme
) -> None:
    """axe-core finds nothing serious in a page, its details open, in light and in dark."""
    opened = open_page(write_page(verdict), scheme=scheme)
    opened.page.evaluate("document.querySelectorAll('details').forEach((one) => one.open = true)")
    assert opened.find_violations() == []


@pytest.mark.parametrize("verdict", list(Verdict))
def test_page_fits_a_phone(open_page: Opener, write_page: PageMaker, verdict: Verdict) -> None:
    """At a phone's width nothing but tables and the graph scrolls sideways."""
    opened = open_page(write_page(verdict), width=PHONE_WIDTH)
    assert opened.overflow_pixels == 0
    opened.page.evaluate("document.querySelectorAll('details').forEach((one) => one.open = true)")
    assert opened.overflow_pixels == 0


@pytest.mark.parametrize("width", [PHONE_WIDTH, 1280])
def test_headlines_do_not_overlap(open_page: Opener, write_page: PageMaker, width: int) -> None:
    """Name, value, interval and champion of a headline metric stand one below the other."""
    page = open_page(write_page(Verdict.PUSHED), width=width).page
    for card in page.locator(".metric").all():
        boxes = [part.bounding_box() for part in card.locator(":scope > *").all()]
        for above, below in itertools.pairwise(boxes):
            assert above is not None
            assert below is not None
            assert above["y"] + above["height"] <= below["y"]


def test_hostile_name_is_text(open_page: Opener, write_page: PageMaker) -> None:
    """A company named like a script shows as that, and runs nowhere."""
    opened = open_page(write_page(Verdict.DATA_REFUSED))
    opened.page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    expect(opened.page.locator("#findings tbody")).to_contain_text(HOSTILE)
    assert opened.page.locator("script").count() == 1
    assert opened.complaints == []


def test_page_in_a_frame_leads_to_no_other(open_page: Opener, write_page: PageMaker) -> None:
    """Inside another page, where it may ask for nothing, the page has no link to all runs."""
    page = open_page(write_page(Verdict.PUSHED)).page
    page.evaluate(
        "document.body.appendChild(document.createElement('iframe')).srcdoc = "
        "document.documentElement.outerHTML"
    )
    framed = page.frame_locator("iframe")
    expect(framed.get_by_role("heading", level=1)).to_have_count(1)
    expect(page.get_by_role("link", name="All runs")).to_have_count(1)
    expect(framed.get_by_role("link", name="All runs")).to_have_count(0)


def test_columns_sort_by_number_and_by_text(open_page: Opener, write_page: PageMaker) -> None:
    """A press on a header sorts up, a second one down, and says so to a screen reader."""
    page = open_page(write_page(Verdict.PUSHED)).page
    header = page.locator("#slices thead th", has_text="Rows")
    header.get_by_role("button").click()
    assert read_column(page, "slices", 1) == ["120", "400", "900"]
    assert header.get_attribute("aria-sort") == "ascending"
    header.get_by_role("button").click()
    assert read_column(page, "slices", 1) == ["900", "400", "120"]
    assert header.get_attribute("aria-sort") == "descending"
    page.locator("#slices thead th", has_text="Slice").get_by_role("button").click()
    assert header.get_attribute("aria-sort") is None
    assert [name.split(" ", 1)[1] for name in read_column(page, "slices", 0)] == [
        HOSTILE,
        "Blue Cab",
        "Sun",
    ]


def test_sorting_works_by_keyboard(open_page: Opener, write_page: PageMaker) -> None:
    """A header is reached and pressed without a mouse."""
    page = open_page(write_page(Verdict.PUSHED)).page
    button = page.locator("#slices thead th", has_text="Log loss").get_by_role("button")
    button.focus()
    page.keyboard.press("Enter")
    assert read_column(page, "slices", 2) == ["0.1894", "0.2894", "0.3894"]


def test_search_and_choice_filter_together(open_page: Opener, write_page: PageMaker) -> None:
    """Rows stay that hold what is searched and are of what is chosen, and are counted."""
    page = open_page(write_page(Verdict.PUSHED)).page
    assert set(read_column(page, "columns", 2)) == {"train"}
    page.get_by_label("Rows of").select_option("test")
    page.locator("[data-search=columns]").fill("fare")
    assert read_column(page, "columns", 0) == ["fare"]
    assert read_column(page, "columns", 2) == ["test"]
    expect(page.locator("[data-shown=columns]")).to_have_text("1 of 8 rows")


def test_slider_recomputes_the_confusion_matrix(open_page: Opener, write_page: PageMaker) -> None:
    """The slider walks along thresholds by keyboard; a button leads back to the chosen one."""
    page = open_page(write_page(Verdict.PUSHED)).page
    card = page.locator("#confusion")
    expect(card.locator("[data-count=tp]")).to_have_text("875")
    slider = page.get_by_label("Threshold", exact=False).and_(page.locator("input"))
    slider.focus()
    page.keyboard.press("End")
    expect(card.locator("[data-count=tp]")).to_have_text("0")
    expect(card.locator("[data-count=tn]")).to_have_text("3,000")
    expect(card.locator("[data-rate=precision]")).to_have_text("–")
    expect(card.locator("[data-rate=accuracy]")).to_have_text("0.7500")
    page.keyboard.press("Home")
    expect(card.locator("[data-rate=recall]")).to_have_text("1.0000")
    assert slider.get_attribute("aria-valuetext") == "threshold 0"
    page.get_by_role("button", name="Back to 0.5").click()
    expect(card.locator("[data-count=tp]")).to_have_text("875")


def test_node_of_the_graph_opens_its_details(open_page: Opener, write_page: PageMaker) -> None:
    """A node is reached by keyboard, and shows inputs, parameters and log."""
    page = open_page(write_page(Verdict.PUSHED)).page
    page.get_by_role("link", name="Trainer: ran").focus()
    page.keyboard.press("Enter")
    details = page.locator("#node-Trainer")
    expect(details).to_have_attribute("open", "")
    expect(details.locator(":scope > summary")).to_be_focused()
    expect(details).to_contain_text("changed: parameter settings.seed")


def test_first_tab_leads_past_the_navigation(open_page: Opener, write_page: PageMaker) -> None:
    """The first thing that the keyboard reaches is the way to the content."""
    page = open_page(write_page(Verdict.PUSHED)).page
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    assert page.url.endswith("#main")


def test_theme_is_chosen_by_hand(open_page: Opener, write_page: PageMaker) -> None:
    """The button overrules the system's light or dark."""
    page = open_page(write_page(Verdict.PUSHED), scheme="dark").page
    background = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(background)
    page.get_by_role("button", name="Theme: system").click()
    expect(page.get_by_role("button", name="Theme: light")).to_be_visible()
    assert page.evaluate(background) != dark
    page.get_by_role("button", name="Theme: light").click()
    assert page.evaluate(background) == dark


def test_paper_has_no_tools(open_page: Opener, write_page: PageMaker) -> None:
    """On paper there is nothing to press, and the tables are whole."""
    page = open_page(write_page(Verdict.PUSHED)).page
    page.emulate_media(media="print")
    expect(page.locator(".bar")).to_be_hidden()
    expect(page.get_by_role("navigation")).to_be_hidden()
    assert page.locator(".tools:visible").count() == 0
    assert (
        page.locator("#slices").evaluate(
            "(table) => getComputedStyle(table.parentElement).maxHeight"
        )
        == "none"
    )


def test_page_can_be_read_without_script(open_page: Opener, write_page: PageMaker) -> None:
    """Where scripts are off, every row is there and nothing dead can be pressed."""
    opened = open_page(write_page(Verdict.PUSHED))
    browser = opened.page.context.browser
    assert browser is not None
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(write_page(Verdict.PUSHED).as_uri())
    assert len(read_column(page, "columns", 0)) == 8
    assert page.get_by_role("button").count() == 0
    context.close()
