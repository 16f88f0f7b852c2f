import base64
import html.parser
import json
import re
import shutil
import subprocess
from dataclasses import replace

import numpy as np
import pytest

from reporting import animations, charts, plots, report
from reporting.claims import SOURCES, direction, identity, value
from reporting.findings import Chart, Figure, Findings, FindingsError, Table

REAL = [{"name": "MNIST", "source": "real", "fingerprint": "00ff" * 16}]


def findings(study="momentum", **changes):
    facts = {
        "study": study,
        "title": "Momentum & “friends” <b>",
        "question": "Does momentum lower the loss?",
        "says": "Momentum lowers the loss markedly | a lot.",
        "sources": ["A 3.5", "E"],
        "preset": "quick",
        "seeds": 3,
        "data": REAL,
        "claims": [
            direction("A 3.5", "Lower.", "loss", ("Momentum 0.9", [1, 2, 3]), ("SGD", [2, 3, 4.1])),
            direction("E", "Nearer.", "loss", ("SGD", [1, 2, 3]), ("Adam", [3, 2, 1.5])),
            value("A 7", "Accuracy.", "test accuracy", 0.95, [0.8, 0.81, 0.82], "higher"),
            identity("A 6.3", "Parameters.", "parameters", 13_932, 19_392),
        ],
        "tables": [
            Table(
                "Final <losses>",
                ["method", "loss", "a|b", *(f"further column {k}" for k in range(12))],
                [["SGD", 0.25, None, *range(12)], ["Adam", 1e-7, "x|y", *range(12)]],
                "Note.",
            )
        ],
        "figures": [Figure("loss", "Loss per iteration.", "Two falling curves.")],
        "provenance": {"Python": "3.11.9", "seconds": 1.5},
        "command": f"python -m experiments run {study}",
        "charts": [Chart("explorer", "Every <loss>", "Each batch's loss.")],
    }
    return Findings(**(facts | changes))


@pytest.fixture(scope="session")
def drawn(tmp_path_factory):
    folder = tmp_path_factory.mktemp("drawn")
    fig, ax = plots.figure()
    for label in ("SGD", "Adam"):
        plots.mean_and_band(ax, np.arange(9), np.ones((2, 9)), label)
    plots.save(fig, folder, "loss")
    return folder


@pytest.fixture
def curves(make_record):
    """What a chart draws: two settings, and in the first of them a method that diverged."""
    losses = 2 - np.arange(101) / 100
    ended = np.where(np.arange(101) < 60, losses, np.nan)
    sgd = [make_record(losses=losses + k, batch_size=100, train_size=1000) for k in (0, 1)]
    adam = [make_record(losses=values) for values in (losses, ended)]
    return charts.settings_data({"</script> all": {"SGD": sgd, "Adam": adam}, "one": {"SGD": sgd}})


@pytest.fixture
def folder(tmp_path, drawn, curves):
    """Two studies, the second on stand-in data."""
    first = findings()
    stand_in = [REAL[0] | {"source": "stand-in"}]
    claims = [replace(claim, about_source_data=claim.kind != "value") for claim in first.claims]
    second = findings("circles", title="Circles", data=stand_in, claims=claims)
    for found in (first, second):
        found.save(tmp_path / found.study)
        charts.save(curves, tmp_path / found.study, "explorer")
        for suffix in ("svg", "png"):
            shutil.copy(drawn / f"loss.{suffix}", tmp_path / found.study)
    return tmp_path


@pytest.fixture
def animated(folder):
    """The folder, with a study whose figure moves."""
    figures = [Figure("loss", "Loss per iteration.", "Two falling curves.", animated=True)]
    findings("momentum", figures=figures, charts=[]).save(folder / "momentum")
    frames = [plots.figure(width=2, height=2)[0] for _ in range(2)]
    frames[1].text(0, 0, "second")
    animations.save(frames, folder / "momentum", "loss")
    return folder


@pytest.fixture
def page(folder):
    return report.write(folder).read_text(encoding="utf-8")


class Reader(html.parser.HTMLParser):
    """Collects the tags, and complains where they are not closed in order."""

    VOID = ("meta", "link", "img", "br")

    def __init__(self, text):
        super().__init__()
        self.tags, self.open = [], []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def attributes(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]


def test_page_is_one_file_without_network(page):
    reader = Reader(page)
    addresses = [a.get("src") or a.get("href") for _, a in reader.tags]
    assert all(address.startswith(("data:", "#")) for address in addresses if address)
    shown = re.sub(r"/\*!.*?\*/|data:[^\"]*", "", page, flags=re.DOTALL)  # without licences
    assert "http" not in shown
    assert "@import" not in page
    assert "url(" not in page


def test_every_link_and_label_has_its_target(page):
    tags = Reader(page).tags
    ids = [attributes["id"] for _, attributes in tags if "id" in attributes]
    assert len(set(ids)) == len(ids)
    for _, attributes in tags:
        if attributes.get("href", "").startswith("#"):
            assert attributes["href"][1:] in ids
        if "aria-labelledby" in attributes:
            assert attributes["aria-labelledby"] in ids


def test_figures_are_embedded_with_their_alternative_text(page, drawn):
    images = [image for image in Reader(page).attributes("img") if image["alt"]]
    assert [image["alt"] for image in images] == ["Two falling curves."] * 2
    kind, data = images[0]["src"].split(";base64,")
    assert kind == "data:image/svg+xml"
    assert base64.b64decode(data) == (drawn / "loss.svg").read_bytes()


def test_a_large_svg_gives_way_to_its_png(folder, drawn):
    with (folder / "momentum" / "loss.svg").open("a") as file:
        file.write("<!--" + " " * 300_000 + "-->")
    page = report.write(folder, ["momentum"]).read_text(encoding="utf-8")
    png = base64.b64encode((drawn / "loss.png").read_bytes()).decode()
    assert f"data:image/png;base64,{png}" in page


def test_an_animation_is_embedded_with_its_still(animated, drawn):
    page = report.write(animated, ["momentum"]).read_text(encoding="utf-8")
    reader = Reader(page)
    moving, still = (image for image in reader.attributes("img") if image["alt"])
    assert (moving["class"], still["class"]) == ("moving", "still")
    assert moving["alt"] == still["alt"] == "Two falling curves."
    kind, data = moving["src"].split(";base64,")
    assert kind == "data:image/webp"
    assert base64.b64decode(data) == (animated / "momentum" / "loss.webp").read_bytes()
    assert base64.b64decode(still["src"].split(",")[1]) == (drawn / "loss.svg").read_bytes()
    classes = [figure["class"] for figure in reader.attributes("figure") if "class" in figure]
    assert classes == ["animation"]
    buttons = [button for button in reader.attributes("button") if button["class"] == "motion"]
    assert [button["aria-label"] for button in buttons] == ["Pause: Two falling curves."]
    assert "hidden" in buttons[0]  # without scripts it could do nothing


def test_readme_links_the_animation(animated):
    report.write(animated)
    readme = (animated / "README.md").read_text(encoding="utf-8")
    assert "](momentum/loss.webp)](momentum/loss.svg)" in readme
    assert "](circles/loss.png)](circles/loss.svg)" in readme


def test_missing_animation(animated):
    (animated / "momentum" / "loss.webp").unlink()
    with pytest.raises(FindingsError, match=r"momentum/loss\.webp does not exist: run the study"):
        report.write(animated)


def test_curves_are_embedded_whole(page, curves):
    data = re.findall(r'<script type="application/json">(.*?)</script>', page)
    assert [json.loads(text) for text in data] == [curves] * 2


def test_a_page_without_charts_carries_no_library_for_them(folder):
    findings("momentum", charts=[]).save(folder / "momentum")
    assert "uPlot" not in report.write(folder, ["momentum"]).read_text(encoding="utf-8")
    page = report.write(folder).read_text(encoding="utf-8")
    assert "uPlot" in page
    assert "Copyright (c) 2022 Leon Sorokin" in page


def test_text_is_escaped(page):
    assert "Momentum &amp; “friends” &lt;b&gt;" in page
    assert "Final &lt;losses&gt;" in page
    assert "<losses>" not in page


def test_page_shows_all_of_a_study(folder):
    text = report.write(folder, ["circles"]).read_text(encoding="utf-8")
    found = Findings.load(folder / "circles")
    visible = " ".join(html.unescape(re.sub(r"<[^>]*>", " ", text)).split())
    for claim in found.claims:
        for part in (claim.statement, claim.says, claim.quantity, claim.verdict, claim.reason):
            assert part in visible
    for part in ("1.03 [0.89, 1.18]", "0.25", "1×10⁻⁷", "3.11.9", found.command, "00ff" * 16):
        assert part in visible
    for name in SOURCES.values():
        assert name in visible


def test_stand_in_data_is_announced_where_it_is_shown(folder):
    for study, notices, marks in (("momentum", 0, 0), ("circles", 1, 1)):
        page = report.write(folder, [study]).read_text(encoding="utf-8")
        assert page.count("On stand-in data.") == notices
        assert page.count("not about the source's data</span>") == marks
        readme = (folder / "README.md").read_text(encoding="utf-8")
        assert readme.count("On stand-in data.") == notices
        assert readme.count("(not about the source's data)") == marks


def test_a_verdict_has_words_and_a_mark(page):
    for verdict, mark in report._MARKS.items():
        assert f'<span class="mark" aria-hidden="true">{mark}</span>{verdict}</span>' in page


def test_order_of_the_studies(folder):
    def order():
        page = (folder / "index.html").read_text(encoding="utf-8")
        return [article["id"] for article in Reader(page).attributes("article")]

    report.write(folder)
    assert order() == ["circles", "momentum"]
    report.write(folder, ["momentum", "circles"])
    assert order() == ["momentum", "circles"]


def test_writing_again_gives_the_same_bytes(folder):
    names = ("index.html", "README.md")
    report.write(folder)
    first = [(folder / name).read_bytes() for name in names]
    report.write(folder)
    assert [(folder / name).read_bytes() for name in names] == first


def test_readme_links_files_that_exist_and_keeps_tables_whole(folder):
    report.write(folder)
    readme = (folder / "README.md").read_text(encoding="utf-8")
    files = re.findall(r"\]\(([^)#]+)\)", readme)
    assert sorted(set(files)) == [
        "circles/loss.png", "circles/loss.svg", "index.html", "momentum/loss.png",
        "momentum/loss.svg",
    ]  # fmt: skip
    assert all((folder / name).is_file() for name in files)
    for table in re.findall(r"(?:^\|.*\n)+", readme, flags=re.MULTILINE):
        rows = [re.sub(r"\\\|", "", row).count("|") for row in table.splitlines()]
        assert len(rows) > 2
        assert len(set(rows)) == 1
    assert "\n\n\n" not in readme


@pytest.fixture
def marked(tmp_path):
    """A file with the lines between which the main claims are written, and old ones there."""
    file = tmp_path / "ABOUT.md"
    file.write_text("before\n<!-- claims -->\nold\n<!-- end of claims -->\nafter\n")
    return file


def test_main_claims_are_written_between_the_marks(folder, marked):
    report.write_claims(marked, folder)
    lines = marked.read_text().splitlines()
    assert lines[:2] == ["before", "<!-- claims -->"]
    assert lines[-2:] == ["<!-- end of claims -->", "after"]
    assert "old" not in lines
    rows = [line for line in lines if line.startswith("|")][2:]
    # Of four claims in each of two studies: the first, the value and the erratum in numbers.
    assert len(rows) == 6
    assert "**19,392**" in rows[2]
    assert "13,932" in rows[2]
    assert "✗ not reproduced" in rows[1]
    assert all("Nearer" not in row for row in rows)


def test_main_claims_link_the_report_and_tell_the_time(folder, marked):
    time = {"training seconds": 600.0}
    findings("momentum", provenance=time).save(folder / "momentum")
    report.write_claims(marked, folder)
    text = marked.read_text()
    (link, *_) = re.findall(r"\]\(([^)#]+)#momentum\)", text)
    assert (marked.parent / link).parent.resolve() == folder.resolve()
    assert text.count("| 10 min |") == 1
    report.write_claims(marked, folder)
    assert marked.read_text() == text


def test_main_claims_need_the_marks(folder, tmp_path):
    file = tmp_path / "ABOUT.md"
    with pytest.raises(report.ReportError, match=r"cannot read .*ABOUT\.md"):
        report.write_claims(file, folder)
    file.write_text("<!-- claims -->\n")
    with pytest.raises(report.ReportError, match=r"ABOUT\.md has not the lines <!-- claims -->"):
        report.write_claims(file, folder)
    assert file.read_text() == "<!-- claims -->\n"


def test_study_without_claims_tables_or_figures(folder):
    empty = {"claims": [], "tables": [], "figures": [], "charts": [], "data": [], "command": ""}
    findings("errata", **empty).save(folder / "errata")
    page = report.write(folder, ["errata"]).read_text(encoding="utf-8")
    article = page[page.index("<article") : page.index("</article")]
    assert not re.search("<h3>|<table|<figure|<code", article)


def test_missing_figure(folder):
    (folder / "circles" / "loss.png").unlink()
    with pytest.raises(FindingsError, match=r"circles/loss\.png does not exist: run the study"):
        report.write(folder)


def test_missing_curves(folder):
    (folder / "circles" / "explorer.chart.json").unlink()
    with pytest.raises(FindingsError, match=r"explorer\.chart\.json does not exist: run the study"):
        report.write(folder)


def test_missing_study(folder):
    with pytest.raises(FindingsError, match="does not exist"):
        report.write(folder, ["momentum", "svm_kernels"])


def test_empty_folder(tmp_path):
    with pytest.raises(FindingsError, match="holds no findings"):
        report.write(tmp_path)


@pytest.mark.parametrize(
    ("source", "parts"),
    [
        ("A 3.5", [("A", "A 3.5")]),
        ("E, B Q28", [("E", "E"), (None, ", "), ("B", "B Q28")]),
        ("Zalando's table", [(None, "Zalando's table")]),
    ],
)
def test_citations(source, parts):
    assert report._citations(source) == parts


@pytest.mark.parametrize(
    ("cells", "numeric"),
    [
        ([1, 0.5, None, float("nan")], True),
        (["0.318 [0.310, 0.326]", "diverged in 1 of 3 seeds", "1×10⁻⁷", "−3", "12 %"], True),
        ([1, "full batch"], False),
        (["3×3 convolution", "250 neurons"], False),
        ([True, False], False),
    ],
)
def test_columns_of_numbers(cells, numeric):
    assert report._numeric([[cell] for cell in cells], 0) == numeric


def _luminance(color):
    channels = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return np.dot([0.2126, 0.7152, 0.0722], linear)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("ink", "back"),
    [
        ("ink", "paper"), ("soft", "paper"), ("link", "paper"), ("ink", "card"), ("soft", "card"),
        ("link", "card"), ("yes", "yes-back"), ("no", "no-back"), ("open", "open-back"),
        ("wrong", "wrong-back"), ("ink", "open-back"), ("open", "card"),
    ],
)  # fmt: skip
def test_contrast_is_enough_for_small_text(scheme, ink, back):
    css = (report._TEMPLATES / "style.css").read_text()
    block = re.findall(r":root \{(.*?)\}", css, flags=re.DOTALL)[scheme]
    colors = dict(re.findall(r"--([\w-]+): (#\w{6});", block))
    light, dark = sorted((_luminance(colors[ink]), _luminance(colors[back])), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 4.5  # WCAG 2.2, level AA


# Loaded beside the page, it opens it in a frame as wide as a phone and reports what it finds.
PROBE = """<!doctype html><meta charset="utf-8"><body>
<iframe id="phone" style="width:390px;height:800px;border:0"></iframe><pre id="result"></pre>
<script>
const errors = [];
const phone = document.getElementById("phone");
const pause = (ms) => new Promise((done) => setTimeout(done, ms));
phone.onload = async () => {
  const view = phone.contentWindow, page = phone.contentDocument;
  const dialog = page.querySelector("dialog");
  const button = page.querySelector("button.enlarge");
  await pause(200);
  const result = {
    errors,
    images: [...page.images].filter((i) => i.alt).map((i) => i.naturalWidth),
    overflow: page.documentElement.scrollWidth - view.innerWidth,
    scrolling: [...page.querySelectorAll(".scroll")].map(
      (s) => [s.scrollWidth > s.clientWidth, s.tabIndex]),
    closedAtFirst: !dialog.open,
  };
  button.focus();
  button.click();
  await pause(200);
  const large = dialog.querySelector("img");
  result.opened = dialog.matches(":modal");
  result.large = large.naturalWidth;
  result.caption = dialog.querySelector("p").textContent;
  result.focusInside = dialog.contains(page.activeElement);
  dialog.querySelector("button.close").click();
  await pause(200);
  result.closed = !dialog.open;
  result.focusReturned = page.activeElement === button;
  result.copying = [];
  const copies = page.querySelectorAll("button.copy");
  const clipboards = [async (text) => { result.copied = text; }, () => Promise.reject()];
  for (const [k, writeText] of clipboards.entries()) {
    Object.defineProperty(view.navigator, "clipboard", {value: {writeText}, configurable: true});
    copies[k].click();
    await pause(200);
    result.copying.push(copies[k].textContent);
  }
  result.selected = String(view.getSelection());
  result.chart = await tryChart(view, page);
  document.getElementById("result").textContent = JSON.stringify(result);
};
// Hovers at the left and right edge before and after each way to zoom; all by what is to be read.
async function tryChart(view, page) {
  const section = page.querySelector("section.chart");
  const over = () => section.querySelector(".u-over");
  const send = (kind, type, x, target = over(), more = {}) => {
    const box = over().getBoundingClientRect();
    target.dispatchEvent(new view[kind](type, {bubbles: true, cancelable: true, movementX: 1,
      clientX: box.left + x * box.width, clientY: box.top + box.height / 2, ...more}));
  };
  const hover = async (x) => {
    send("MouseEvent", "mousemove", x);
    await pause(50);
    return section.querySelector("output").textContent;
  };
  const edges = async () => [await hover(0.0001), await hover(0.9999)];
  const values = () => [...section.querySelectorAll(".legend .value")].map((v) => v.textContent);
  const drag = async (from, to) => {
    await hover(from);
    send("MouseEvent", "mousedown", from);
    await hover(to);
    send("MouseEvent", "mouseup", to, page);
    await pause(50);
  };
  const press = async (key) => {
    section.querySelector(".curves").dispatchEvent(
      new view.KeyboardEvent("keydown", {key, bubbles: true, cancelable: true}));
    await pause(50);
    return section.querySelector("output").textContent;
  };
  const touch = {pointerType: "touch"};
  const radio = (k) => section.querySelectorAll("input[type=radio]")[k];
  const found = {canvases: page.querySelectorAll("section.chart canvas").length};
  found.width = [section.querySelector("canvas").clientWidth, view.innerWidth];
  found.atFirst = await edges();
  found.middle = [await hover(0.5), values()];
  found.late = [await hover(0.8), values()];
  await drag(0.25, 0.75);
  found.dragged = await edges();
  section.querySelector("button.reset").click();
  found.reset = await edges();
  await drag(0.25, 0.75);
  send("MouseEvent", "dblclick", 0.5);
  found.doubleClicked = await edges();
  await hover(0.5);
  await press("+");
  found.pressedPlus = await edges();
  await press("0");
  found.pressedZero = await edges();
  await hover(0.5);
  found.pressedRight = await press("ArrowRight");
  send("PointerEvent", "pointerdown", 0.25, over(), touch);
  send("PointerEvent", "pointermove", 0.75, over(), touch);
  await pause(50);
  send("PointerEvent", "pointerup", 0.75, over(), touch);
  await pause(50);
  found.touched = await edges();
  const button = section.querySelector(".legend button");
  button.click();
  found.off = button.ariaPressed;
  radio(1).click();
  await pause(50);
  found.kept = await edges();
  found.stillOff = section.querySelector(".legend button").ariaPressed;
  found.methods = values().length;
  radio(3).click();
  await pause(50);
  found.gradients = await edges();
  return found;
}
PAGE.then((text) => {
  phone.srcdoc = text.replace("<head>", "<head><script>" +
    "addEventListener('error', (e) => parent.postMessage(String(e.message), '*'), true);" +
    "addEventListener('unhandledrejection', (e) => parent.postMessage(String(e.reason), '*'));" +
    "console.error = console.warn = (...a) => parent.postMessage(a.join(' '), '*');<\\/script>");
});
addEventListener("message", (event) => errors.push(event.data));
</script>"""


@pytest.fixture
def chromium():
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    return pytest.skip("needs Chromium: install it and put it on the PATH")


def browse(chromium, folder, probe, page, *options):
    """What a probe, a page of which PAGE is a promise of ours, writes into its #result."""
    text = json.dumps(page).replace("</", "<\\/")
    file = folder / "probe.html"
    file.write_text(probe.replace("PAGE", f"Promise.resolve({text})", 1), encoding="utf-8")
    answer = subprocess.run(
        [
            chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
            "--no-first-run", "--disable-background-networking", "--disable-component-update",
            "--disable-sync", f"--user-data-dir={folder / 'profile'}", "--enable-logging=stderr",
            "--virtual-time-budget=10000", "--dump-dom", *options, file.as_uri(),
        ],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    assert "CONSOLE" not in answer.stderr
    found = re.search(r'<pre id="result">(.*?)</pre>', answer.stdout)
    assert found, "the probe did not finish"
    assert found[1], "the probe did not finish"
    return json.loads(html.unescape(found[1]))


# What is seen of an animation at first, after its button, after it again, and enlarged.
MOTION_PROBE = """<!doctype html><meta charset="utf-8"><body>
<iframe id="phone" style="width:390px;height:800px;border:0"></iframe><pre id="result"></pre>
<script>
const phone = document.getElementById("phone");
phone.onload = async () => {
  const page = phone.contentDocument;
  const button = page.querySelector("button.motion");
  const seen = [];
  const look = (images, text) => seen.push([
    ...[...images].filter((i) => i.checkVisibility()).map((i) => i.className), text]);
  const inFigure = page.querySelectorAll(".animation img");
  for (let k = 0; k < 3; k++) {
    look(inFigure, button.hidden ? "" : button.textContent + "|" + button.ariaLabel);
    button.click();
  }
  page.querySelector(".animation .enlarge").click();
  const large = page.querySelector("dialog img");
  if (large) look([large], String(large.naturalWidth));
  document.getElementById("result").textContent = JSON.stringify(seen);
};
PAGE.then((text) => { phone.srcdoc = text; });
</script>"""


@pytest.mark.browser
@pytest.mark.parametrize("reduced", [False, True], ids=["motion", "reduced motion"])
def test_an_animation_in_a_browser(animated, tmp_path, chromium, reduced):
    page = report.write(animated, ["momentum"]).read_text(encoding="utf-8")
    options = ["--force-prefers-reduced-motion"] * reduced
    *seen, enlarged = browse(chromium, tmp_path, MOTION_PROBE, page, *options)
    states = [["moving", "Pause|Pause: Two falling curves."],
              ["still", "Play|Play: Two falling curves."]]  # fmt: skip
    expected = [states[(turn + reduced) % 2] for turn in range(3)]
    assert seen == expected
    assert enlarged[0] == expected[1][0]  # the third click has put it there
    assert int(enlarged[1]) > 0


@pytest.mark.browser
def test_without_scripts_the_style_alone_stops_motion(animated, tmp_path, chromium):
    page = report.write(animated, ["momentum"]).read_text(encoding="utf-8")
    bare = re.sub(r"<script>.*?</script>", "", page, flags=re.DOTALL)
    for options, first in (([], "moving"), (["--force-prefers-reduced-motion"], "still")):
        assert browse(chromium, tmp_path, MOTION_PROBE, bare, *options) == [[first, ""]] * 3


@pytest.mark.browser
def test_in_a_browser_as_wide_as_a_phone(page, tmp_path, chromium):
    result = browse(chromium, tmp_path, PROBE, page)
    assert result["errors"] == []
    assert len(result["images"]) == 2
    assert min(result["images"]) > 0
    assert result["overflow"] <= 0
    assert [True, 0] in result["scrolling"]  # the wide table scrolls, and by keyboard too
    assert all(index == (0 if wide else -1) for wide, index in result["scrolling"])
    assert result["closedAtFirst"]
    assert result["opened"]
    assert result["focusInside"]
    assert result["large"] > 0
    assert result["caption"] == "Loss per iteration."
    assert result["closed"]
    assert result["focusReturned"]
    assert result["copying"] == ["Copied", "Selected"]
    assert result["copied"] == "python -m experiments run circles"
    assert result["selected"] == "python -m experiments run momentum"
    check_chart(result["chart"])


def check_chart(chart):
    """Curves of 101 iterations: the middle of the axis is iteration 51, its quarters 26 and 76."""

    def edges(name):
        return [int(re.fullmatch(r"Iteration (\d+)", text)[1]) for text in chart[name]]

    whole, half = [1, 101], pytest.approx([26, 76], abs=1)  # a pixel is a third of an iteration
    assert chart["canvases"] == 2
    assert chart["width"][0] <= chart["width"][1]
    assert edges("atFirst") == whole
    assert chart["middle"] == [
        "Iteration 51", ["2.0000 (1.5000 to 2.5000)", "1.5000 (1.5000 to 1.5000)"]
    ]  # fmt: skip
    assert chart["late"] == ["Iteration 81", ["1.7000 (1.2000 to 2.2000)", "diverged"]]
    assert edges("dragged") == half
    assert edges("reset") == whole
    assert edges("doubleClicked") == whole
    assert edges("pressedPlus") == [18, 84]
    assert edges("pressedZero") == whole
    assert chart["pressedRight"] == "Iteration 52"
    assert edges("touched") == half
    assert chart["off"] == chart["stillOff"] == "false"
    assert edges("kept") == half  # in the other setting too
    assert chart["methods"] == 1
    assert chart["gradients"] == ["100 sample gradients", "10,100 sample gradients"]
