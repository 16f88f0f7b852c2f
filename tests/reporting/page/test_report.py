import base64
import html.parser
import io
import json
import re
from dataclasses import replace
from urllib.parse import unquote

import numpy as np
import pytest
from PIL import Image

from reporting.findings import Findings, FindingsError
from reporting.page import report
from reporting.verdicts.claims import SOURCES, VERDICT_MARKS


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
    assert "url(" not in shown


def test_every_link_and_label_has_its_target(page):
    tags = Reader(page).tags
    ids = [attributes["id"] for _, attributes in tags if "id" in attributes]
    assert len(set(ids)) == len(ids)
    for _, attributes in tags:
        if attributes.get("href", "").startswith("#"):
            assert attributes["href"][1:] in ids
        if "aria-labelledby" in attributes:
            assert attributes["aria-labelledby"] in ids


def assert_is_svg(address, path):
    """Assert that a data address holds what a file does, but for breaks between its lines."""
    kind, _, data = address.partition(",")
    assert kind == "data:image/svg+xml"
    assert unquote(data).split() == path.read_text(encoding="utf-8").split()


def test_figures_are_embedded_with_their_alternative_text(page, drawn):
    images = [image for image in Reader(page).attributes("img") if image["alt"]]
    assert [image["alt"] for image in images] == ["Two falling curves."] * 2
    assert_is_svg(images[0]["src"], drawn / "loss.svg")


def test_a_large_svg_gives_way_to_the_pixels_of_its_png(folder, drawn):
    with (folder / "momentum" / "loss.svg").open("a") as file:
        file.write("<!--" + "x" * 300_000 + "-->")
    page = report.write(folder, ["momentum"]).read_text(encoding="utf-8")
    image = next(image for image in Reader(page).attributes("img") if image["alt"])
    kind, data = image["src"].split(";base64,")
    assert kind == "data:image/webp"
    pixels = Image.open(io.BytesIO(base64.b64decode(data))).convert("RGBA")
    assert pixels.tobytes() == Image.open(drawn / "loss.png").convert("RGBA").tobytes()


def test_an_animation_is_embedded_with_its_still(animated, drawn):
    page = report.write(animated, ["momentum"]).read_text(encoding="utf-8")
    reader = Reader(page)
    moving, still = (image for image in reader.attributes("img") if image["alt"])
    assert (moving["class"], still["class"]) == ("moving", "still")
    assert moving["alt"] == still["alt"] == "Two falling curves."
    kind, data = moving["src"].split(";base64,")
    assert kind == "data:image/webp"
    assert base64.b64decode(data) == (animated / "momentum" / "loss.webp").read_bytes()
    assert_is_svg(still["src"], drawn / "loss.svg")
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


def test_a_page_without_charts_carries_no_library_for_them(folder, findings):
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
    for verdict, mark in VERDICT_MARKS.items():
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
        "circles/loss.png",
        "circles/loss.svg",
        "index.html",
        "momentum/loss.png",
        "momentum/loss.svg",
    ]
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
    assert len(rows) == 2  # one of each study
    assert "Lower." in rows[0]
    assert "✓ reproduced" in rows[0]
    assert "**0.810" in rows[1]
    assert "✗ not reproduced" in rows[1]


def test_main_claims_link_the_report(folder, marked):
    report.write_claims(marked, folder)
    text = marked.read_text()
    (link, *_) = re.findall(r"\]\(([^)#]+)#momentum\)", text)
    assert (marked.parent / link).parent.resolve() == folder.resolve()
    report.write_claims(marked, folder)
    assert marked.read_text() == text


def test_main_claims_need_the_marks(folder, tmp_path):
    file = tmp_path / "ABOUT.md"
    with pytest.raises(report.ReportError, match=r"cannot read .*ABOUT\.md"):
        report.write_claims(file, folder)
    file.write_text("<!-- claims -->\n")
    with pytest.raises(report.ReportError, match=r"ABOUT\.md lacks the lines <!-- claims -->"):
        report.write_claims(file, folder)
    assert file.read_text() == "<!-- claims -->\n"


def test_the_network_and_its_layers_are_shown(folder):
    page = report.write(folder, ["momentum"]).read_text(encoding="utf-8")
    article = html.unescape(page[page.index("<article") : page.index("</article")])
    header = article[: article.index("</header>")]
    assert ">Network</h3>" in header
    shown, _, folded = header.partition("<details>")
    for part in ("28×28 → dense 128, ReLU → dense 10", "SGD <plain> · batch size 150 · 101,770"):
        assert part in shown
    for cell in ("hidden_1", "Dense", "128", "100,480", "1,290", "Trainable parameters"):
        assert f">{cell}<" in folded
    readme = (folder / "README.md").read_text(encoding="utf-8")
    assert "- **Network:** 28×28 → dense 128, ReLU → dense 10; cross-entropy" in readme
    assert "| hidden\\_1 | Dense | 128 | 100,480 |\n" in readme
    assert "| Trainable parameters | | | 101,770 |\n" in readme


def test_of_many_networks_the_last_are_folded_away(folder, findings):
    (network,) = Findings.load(folder / "momentum").networks
    networks = [replace(network, methods=f"network {k}") for k in range(6)]
    findings("momentum", networks=networks).save(folder / "momentum")
    page = report.write(folder, ["momentum"]).read_text(encoding="utf-8")
    shown, _, folded = page.partition("<summary>3 more networks</summary>")
    assert [f'"methods">network {k}<' in shown for k in range(6)] == 3 * [True] + 3 * [False]
    assert [f'"methods">network {k}<' in folded for k in range(6)] == 3 * [False] + 3 * [True]
    readme = (folder / "README.md").read_text(encoding="utf-8")
    assert "- **network 5:** 28×28" in readme
    assert readme.count("| Trainable parameters |") == 6


def test_study_without_claims_tables_or_figures(folder, findings):
    empty = {"claims": [], "tables": [], "figures": [], "charts": [], "data": [], "command": ""}
    empty["networks"] = []
    findings("errata", **empty).save(folder / "errata")
    page = report.write(folder, ["errata"]).read_text(encoding="utf-8")
    article = page[page.index("<article") : page.index("</article")]
    assert not re.search("<h3>|<table|<figure|<code", article)
    readme = (folder / "README.md").read_text(encoding="utf-8")
    assert "parameters" not in readme
    assert "\n\n\n" not in readme


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
        (["0.318 [0.310, 0.326]", "not finite in 1 of 3 seeds", "1×10⁻⁷", "−3", "12 %"], True),
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
        ("ink", "paper"),
        ("soft", "paper"),
        ("link", "paper"),
        ("ink", "card"),
        ("soft", "card"),
        ("link", "card"),
        ("yes", "yes-back"),
        ("no", "no-back"),
        ("open", "open-back"),
        ("wrong", "wrong-back"),
        ("ink", "open-back"),
        ("open", "card"),
    ],
)
def test_contrast_is_enough_for_small_text(scheme, ink, back):
    css = (report._TEMPLATES / "style.css").read_text()
    block = re.findall(r":root \{(.*?)\}", css, flags=re.DOTALL)[scheme]
    colors = dict(re.findall(r"--([\w-]+): (#\w{6});", block))
    light, dark = sorted((_luminance(colors[ink]), _luminance(colors[back])), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 4.5  # WCAG 2.2, level AA
