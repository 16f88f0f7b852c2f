import html
import json
import re
import shutil
import subprocess

import pytest

from reporting.page import report

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
            chromium,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            f"--user-data-dir={folder / 'profile'}",
            "--enable-logging=stderr",
            "--virtual-time-budget=10000",
            "--dump-dom",
            *options,
            file.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
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
    states = [
        ["moving", "Pause|Pause: Two falling curves."],
        ["still", "Play|Play: Two falling curves."],
    ]
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
        "Iteration 51",
        ["2.0000 (1.5000 to 2.5000)", "1.5000 (1.5000 to 1.5000)"],
    ]
    assert chart["late"] == ["Iteration 81", ["1.7000 (1.2000 to 2.2000)", "not finite"]]
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
