#!/usr/bin/env python3
"""report.html in a real browser, opened from a file, and a review driven as a person does.

The pages are those that `cargo test --test page` leaves behind in CARGO_TARGET_TMPDIR. Takes Chromium, and from PyPI
playwright and axe-playwright-python (axe-core inside). Alone:

    scripts/checks/page.py TARGET_TMP [CUPULE [SCREENSHOTS]]
"""

import csv
import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

CHROMIUM = "/usr/bin/chromium"
PROGRAMS = {CHROMIUM: "chromium"}
ARGUMENTS = [
    "--no-sandbox",
    "--headless=new",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
]
# A thousand particles should appear within a second on a machine with nothing else to do.
LOAD_AIM_S = 1.0
LOAD_RUN = "thousand"
# axe needs minutes for a page of 2,000 particles; the others are made of the same parts.
AXE_RUNS = ("small", "decided", "none", "failed", "empty", "unscaled", "thousand", "hostile, page of an image")
WIDE, NARROW = (1400, 900), (390, 844)
REVIEWER = "Ada Lovelace"


class Alone:
    """What the checks are told when no driver gives them more."""

    def __init__(self, tmp, cupule, screenshots):
        self.tmp, self.cupule, self.screenshots = tmp, cupule, screenshots

    def check(self, what, agrees, figures=""):
        assert agrees, f"{what}: {figures}"
        print(f"  ok    {what}: {figures}" if figures else f"  ok    {what}", flush=True)


class Visit:
    """A page with all that it asked for and complained about."""

    def __init__(self, browser, path, size=WIDE, **options):
        self.context = browser.new_context(viewport={"width": size[0], "height": size[1]}, **options)
        self.page = self.context.new_page()
        self.requests, self.errors, self.downloads = [], [], []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda message: self.errors.append(message.text) if message.type == "error" else None)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("download", lambda download: self.downloads.append(download))
        start = time.perf_counter()
        self.page.goto("file://" + quote(str(path)))
        self.seconds = time.perf_counter() - start

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.context.close()

    def check(self, name):
        """Nothing was fetched but the file itself, and nothing went wrong."""
        outside = [url for url in self.requests[1:] if not url.startswith(("data:", "blob:"))]
        assert not outside, f"{name}: the page asks for {outside[:3]}"
        assert not self.errors, f"{name}: {self.errors[:3]}"

    def violations(self):
        results = Axe().run(self.page).response["violations"]
        return [f"{v['id']} x{len(v['nodes'])}: {v['nodes'][0]['html'][:120]}" for v in results]


def pages(root):
    """Every run's main page, and one page of an image of each that has such."""
    for run in sorted(path for path in root.iterdir() if path.is_dir()):
        yield run.name, run / "report.html"
        own = sorted(run.glob("pages/**/*.html"))
        if own:
            yield f"{run.name}, page of an image", own[0]


def check_all(context, browser, root):
    """Every page opens by itself, without a complaint."""
    for name, path in pages(root):
        with Visit(browser, path) as visit:
            visit.check(name)
            figures = f"{path.stat().st_size / 1e6:.2f} MB, loaded in {visit.seconds:.2f} s"
            context.check(f"{name}: 0 requests, 0 console errors", True, figures)


def tell_load(browser, root):
    """The best of three, because the machine has other things to do. A figure and no check, for the same reason."""
    times = []
    for _ in range(3):
        with Visit(browser, root / LOAD_RUN / "report.html") as visit:
            times.append(visit.seconds)
    print(f"        1,000 particles loaded in {min(times):.2f} s, the best of three (the aim is {LOAD_AIM_S} s)", flush=True)


def check_access(context, browser, root):
    """axe-core, wide and narrow, light and dark; no script; no scrolling sideways."""
    for name, path in pages(root):
        if name not in AXE_RUNS:
            continue
        for size, scheme in ((WIDE, "light"), (NARROW, "dark")):
            with Visit(browser, path, size, color_scheme=scheme) as visit:
                visit.page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
                found = visit.violations()
                context.check(f"{name}: 0 axe-core violations, {size[0]} px, {scheme}", not found, "; ".join(found))
    with Visit(browser, root / "small/report.html", NARROW, java_script_enabled=False) as visit:
        shown = visit.page.locator("#particles .p").count() == 54 and visit.page.locator(".view svg").first.is_visible()
        context.check("all is there without a script", shown and not visit.page.locator("#panel").is_visible())
    for name, path in pages(root):
        with Visit(browser, path, NARROW) as visit:
            width = visit.page.evaluate("document.documentElement.scrollWidth")
            assert width <= NARROW[0], f"{name}: {width} px wide on a screen of {NARROW[0]} px"
    context.check(f"no page is wider than a screen of {NARROW[0]} px", True)


def review(browser, path, folder):
    """Decides by keyboard, undoes, filters, saves; what was saved."""
    with Visit(browser, path, accept_downloads=True) as visit:
        page = visit.page
        told = lambda: page.locator("#told").inner_text()
        chosen = lambda: page.locator("#particles [aria-selected=true]").get_attribute("id")
        assert chosen() == "p-1-1", chosen()
        page.keyboard.press("j")
        assert chosen() == "p-1-2", chosen()
        page.keyboard.press("x")
        assert told() == "1 decision, not saved.", told()
        assert "rejected" in page.locator("#p-1-2").get_attribute("class")
        assert "rejected" in page.locator('[data-p="1-2"]').get_attribute("class")
        page.keyboard.press("j")
        page.keyboard.press("4")
        assert page.locator("#p-1-3 small").inner_text().startswith("rejected"), "an aggregate is no vesicle"
        page.keyboard.press("u")
        assert told() == "1 decision, not saved.", told()
        page.keyboard.press("k")
        page.keyboard.press("k")
        page.keyboard.press("4")
        page.locator("#r-reason").fill("a clump")
        # By mouse: a rejected one, found by the filter, is taken in.
        page.locator("#f-status").select_option("rejected")
        assert page.locator("#shown").inner_text() == "20 of 54 shown", page.locator("#shown").inner_text()
        page.locator("#p-2-13").click()
        page.get_by_role("button", name="Accept or reject").click()
        page.locator("#f-status").select_option("")
        page.locator("#f-sort").select_option("-d")
        # Keys typed into a field are letters.
        page.locator("#r-name").fill("")
        page.get_by_role("button", name="Save").click()
        assert "name" in told() and not visit.downloads, told()
        page.locator("#r-name").press_sequentially(REVIEWER)
        with page.expect_download() as download:
            page.get_by_role("button", name="Save").click()
        saved = folder / "curation.json"
        download.value.save_as(saved)
        assert download.value.suggested_filename == "curation.json"
        assert told() == "3 decisions, saved.", told()
        visit.check("review")
        # Leaving with decisions that are not saved asks first.
        page.locator("#particles .p").first.click()
        page.keyboard.press("x")
        with page.expect_event("dialog") as asked:
            page.close(run_before_unload=True)
        assert asked.value.type == "beforeunload", asked.value.type
        with page.expect_event("close"):
            asked.value.accept()
    return saved


def check_decisions(saved):
    found = json.loads(saved.read_text())
    assert (found["format"], found["version"]) == ("cupule curation", 1), found
    by_id = {(d["image"], d["particle_id"]): d for d in found["decisions"]}
    assert set(by_id) == {("a.tif", 1), ("a.tif", 2), ("b.tif", 13)}, set(by_id)
    first, second, third = (by_id[key] for key in sorted(by_id))
    assert (first["status"], first["class"], first["reason"]) == ("rejected", "aggregate", "a clump"), first
    assert second["status"] == "rejected" and "reason" not in second, second
    assert third["status"] == "accepted" and third["class"] in ("vesicle", "cup_shaped_vesicle"), third
    assert all(d["by"] == REVIEWER and d["utc"].endswith("Z") and len(d["utc"]) == 20 for d in by_id.values())


def check_curate(context, browser, cupule, run, saved):
    """The program lets the decisions count and keeps its own verdict."""
    before = table(run)
    subprocess.run([cupule, "curate", str(run), str(saved)], check=True)
    after = table(run)
    assert {k for k in after if after[k]["status"] != before[k]["status"]} == {("a.tif", "1"), ("a.tif", "2"), ("b.tif", "13")}
    row = after["a.tif", "1"]
    assert (row["status"], row["class"], row["machine_status"]) == ("rejected", "aggregate", "accepted"), row
    assert row["curated_by"] == REVIEWER and row["reason"] == "a clump", row
    assert after["b.tif", "13"]["status"] == "accepted" and after["b.tif", "13"]["machine_status"] == "rejected"
    with Visit(browser, run / "report.html") as visit:
        visit.check("curated")
        text = visit.page.locator("#rejected").inner_text()
        assert REVIEWER in text and "a clump" in text, text
    context.check("the review was saved, and cupule curate applied it", True, "3 particles changed, machine_status kept")


def table(run):
    with open(run / "particles.csv", newline="", encoding="utf-8") as file:
        return {(row["image"], row["particle_id"]): row for row in csv.DictReader(file)}


def shoot(browser, root, folder):
    """For eyes: both widths, both themes, and paper."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("small", "thousand"):
        for size, scheme in ((WIDE, "light"), (WIDE, "dark"), (NARROW, "light"), (NARROW, "dark")):
            with Visit(browser, root / name / "report.html", size, color_scheme=scheme) as visit:
                visit.page.screenshot(path=folder / f"report-{name}-{size[0]}-{scheme}.png", full_page=name == "small")
    with Visit(browser, root / "small/report.html") as visit:
        visit.page.pdf(path=folder / "report-small.pdf", format="A4", print_background=True)


def run(context):
    root = Path(context.tmp) / "page"
    assert root.is_dir(), f"{root} is not there: run 'cargo test --test page' first"
    cupule, screenshots = (getattr(context, name, None) for name in ("cupule", "screenshots"))
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        chromium = CHROMIUM if Path(CHROMIUM).exists() else None
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        check_all(context, browser, root)
        tell_load(browser, root)
        check_access(context, browser, root)
        # On a copy: the next check finds the run as it was.
        copy = Path(folder) / "run"
        shutil.copytree(root / "small", copy)
        saved = review(browser, copy / "report.html", Path(folder))
        check_decisions(saved)
        context.check("a review by keyboard and mouse saves curation.json", True, "3 decisions")
        if cupule is None:
            print("  SKIPPED: no program was given, so the decisions were not applied", flush=True)
        else:
            check_curate(context, browser, cupule, copy, saved)
        if screenshots is not None:
            shoot(browser, root, Path(screenshots))
        browser.close()


if __name__ == "__main__":
    given = sys.argv[1:] + [None] * 3
    if given[0] is None:
        sys.exit(__doc__)
    run(Alone(*given[:3]))
