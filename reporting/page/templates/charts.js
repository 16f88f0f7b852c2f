"use strict";

// The losses of each section.chart, drawn with uPlot. Without scripts the section stays hidden.
const COSTS = [
  { title: "iterations", key: "iterations", axis: "Iterations", logarithmic: false },
  { title: "sample gradients", key: "gradients", axis: "Sample gradients", logarithmic: true },
];
const LINE = 1.75; // pixels
const ZOOM = 1.5; // factor of one key press
const NARROWEST = 4; // range that keys zoom to, in iterations or sample gradients
const WHOLE_STEPS = [0, 1, 2, 3, 4, 5, 6, 7, 8].flatMap((power) => [1, 2, 5].map((d) => d * 10 ** power));

const inFull = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });
const inShort = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 2 });

let choices = 0; // groups of radio buttons so far

for (const section of document.querySelectorAll("section.chart")) showChart(section);

function showChart(section) {
  const settings = JSON.parse(section.querySelector("script").textContent);
  const container = section.querySelector(".curves");
  const reading = section.querySelector("output");
  const hidden = new Set(); // labels of methods
  let setting = settings[0];
  let cost = COSTS[0];
  let values; // of the legend, one element for each method
  let plot;

  const reset = element("button", { type: "button", className: "reset", textContent: "Reset zoom" });
  reset.addEventListener("click", () => zoomTo(...extent()));
  section.querySelector(".choices").append(
    ...(settings.length > 1 ? [choice("Show", settings, (chosen) => {
      setting = chosen;
      draw(shownRange());
    })] : []),
    choice("against", COSTS, (chosen) => {
      cost = chosen;
      draw();
    }),
    reset,
  );
  section.hidden = false;
  draw();
  container.addEventListener("keydown", onKey);
  new ResizeObserver(() => {
    const width = container.clientWidth;
    if (width && width !== plot.width) plot.setSize(size()); // in print there is none
  }).observe(container);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => draw(shownRange()));

  function draw(range) {
    plot?.destroy();
    plot = new uPlot(options(), aligned(setting.methods, cost.key), container);
    translateTouches(plot);
    drawLegend();
    zoomTo(...(range ?? extent()));
  }

  function options() {
    const [ink, soft, line] = ["--ink", "--soft", "--line"].map(
      (name) => getComputedStyle(section).getPropertyValue(name).trim(),
    );
    const font = `13px ${getComputedStyle(section).fontFamily}`;
    const axis = {
      stroke: soft, font, labelFont: font, labelSize: 22, labelGap: 0, gap: 4,
      grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1, size: 5 },
    };
    const ofCost = cost.logarithmic
      ? { splits: logarithmicTicks, filter: (_, ticks) => ticks }
      : { incrs: WHOLE_STEPS };
    const perMethod = setting.methods.map((method) => {
      // The figures' black, which is drawn on white, would be invisible on a dark page.
      const color = method.color === "#000000" ? ink : method.color;
      const show = !hidden.has(method.label);
      const edge = { show, stroke: "transparent", width: 0, points: { show: false } };
      const dash = method.dashes.map((length) => LINE * length);
      return { color, series: [{ ...edge, stroke: color, width: LINE, dash }, edge, edge] };
    });
    return {
      ...size(),
      legend: { show: false },
      scales: {
        x: { time: false, distr: cost.logarithmic ? 3 : 1, range: (_, low, high) => [low, high] },
      },
      axes: [
        { ...axis, ...ofCost, label: cost.axis, size: 30, space: 64, values: (_, ticks) => ticks.map(short) },
        { ...axis, label: "Loss of the batch", size: 44 },
      ],
      series: [{}, ...perMethod.flatMap(({ series }) => series)],
      bands: perMethod.map(({ color }, place) => (
        { series: [3 * place + 3, 3 * place + 2], fill: `${color}2e` }
      )),
      cursor: {
        y: false,
        drag: { x: true, y: false, dist: 5 },
        dataIdx: nearest,
        points: { size: (_, series) => (isMean(series) ? 8 : 0) },
      },
      hooks: { setCursor: [showValues], setScale: [showValues] },
    };
  }

  function size() {
    const width = container.clientWidth;
    return { width, height: Math.round(Math.min(Math.max(0.5 * width, 300), 460)) };
  }

  function drawLegend() {
    values = [];
    section.querySelector(".legend").replaceChildren(...setting.methods.map((method, place) => {
      const button = element("button", { type: "button", title: "Show or hide" });
      const label = element("span", { className: "label", textContent: labelOf(method) });
      const value = element("span", { className: "value" });
      values.push(value);
      button.ariaPressed = String(!hidden.has(method.label));
      button.insertAdjacentHTML("afterbegin", sampleLine(method));
      button.append(label, value);
      button.addEventListener("click", () => {
        const show = hidden.delete(method.label);
        if (!show) hidden.add(method.label);
        button.ariaPressed = String(show);
        plot.batch(() => {
          for (const part of [1, 2, 3]) plot.setSeries(3 * place + part, { show });
        });
      });
      const item = element("li");
      item.append(button);
      return item;
    }));
  }

  /** Show the values at the cursor or, without one, at the right end. */
  function showValues(plot) {
    const xs = plot.data[0];
    const index = plot.cursor.idx ?? xs.findLastIndex((x) => x <= plot.scales.x.max);
    if (!values || index < 0) return; // not drawn yet
    const x = inFull.format(xs[index]);
    reading.textContent = cost.key === "iterations" ? `Iteration ${x}` : `${x} sample gradients`;
    setting.methods.forEach(({ seeds }, place) => {
      const series = 3 * place + 1;
      const own = nearest(plot, series, index, xs[index]);
      const losses = [0, 1, 2].map((part) => plot.data[series + part][own]);
      values[place].textContent = own === null ? "—" : described(losses, seeds);
    });
  }

  function extent() {
    return [plot.data[0][0], plot.data[0].at(-1)];
  }

  function shownRange() {
    return [plot.scales.x.min, plot.scales.x.max];
  }

  function zoomTo(low, high) {
    const [first, last] = extent();
    const range = { min: Math.max(low, first), max: Math.min(high, last) };
    plot.batch(() => plot.setScale("x", range)); // at once, or positions would be outdated
  }

  /** Zoom by a factor around the cursor, then move by a number of widths, on the axis's scale. */
  function zoomBy(factor, widths = 0) {
    const [to, from] = cost.logarithmic ? [Math.log, Math.exp] : [Number, Number];
    const [low, high] = shownRange().map(to);
    const [first, last] = extent().map(to);
    const index = plot.cursor.idx;
    const center = index == null ? (low + high) / 2 : to(plot.data[0][index]);
    const width = Math.min(factor * (high - low), last - first);
    const start = center - factor * (center - low) + widths * width;
    const kept = Math.min(Math.max(start, first), last - width);
    if (factor < 1 && from(kept + width) - from(kept) < NARROWEST) return;
    zoomTo(from(kept), from(kept + width));
    if (index != null) placeCursor(index);
  }

  function moveCursor(steps) {
    const xs = plot.data[0];
    const [low, high] = shownRange();
    const from = plot.cursor.idx ?? xs.findIndex((x) => x >= low) - Math.sign(steps);
    const next = Math.min(Math.max(from + steps, 0), xs.length - 1);
    if (xs[next] > high) zoomBy(1, 0.5);
    if (xs[next] < low) zoomBy(1, -0.5);
    placeCursor(next);
  }

  function placeCursor(index) {
    plot.setCursor({ left: plot.valToPos(plot.data[0][index], "x"), top: 0 });
  }

  function onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const steps = event.shiftKey ? 10 : 1;
    const act = {
      ArrowLeft: () => moveCursor(-steps),
      ArrowRight: () => moveCursor(steps),
      "+": () => zoomBy(1 / ZOOM),
      "=": () => zoomBy(1 / ZOOM), // the same key without Shift
      "-": () => zoomBy(ZOOM),
      0: () => zoomTo(...extent()),
    }[event.key];
    if (act) {
      event.preventDefault();
      act();
    }
  }
}

/** Join all methods on one x: a loss is undefined if a method lacks the iteration, null if not finite. */
function aligned(methods, key) {
  return uPlot.join(methods.map((method) => [method[key], method.mean, method.low, method.high]));
}

function isMean(series) {
  return series % 3 === 1;
}

/** The index of a method's iteration nearest to x; null before its first and after its last. */
function nearest(plot, series, index, x) {
  const losses = plot.data[series], xs = plot.data[0];
  let before = index, after = index;
  while (before >= 0 && losses[before] === undefined) before--;
  while (after < losses.length && losses[after] === undefined) after++;
  if (before < 0 || after === losses.length) return null;
  return x - xs[before] <= xs[after] - x ? before : after;
}

function logarithmicTicks(plot, _, low, high) {
  const decades = Math.log10(high / low);
  const room = plot.bbox.width / devicePixelRatio / 72; // number of labels that fit
  if (decades < 1) return evenTicks(low, high, room);
  const digits = 3 * decades <= room ? [1, 2, 5] : [1];
  const lowest = Math.floor(Math.log10(low));
  const powers = Array.from({ length: Math.ceil(decades) + 1 }, (_, k) => 10 ** (lowest + k));
  return powers.flatMap((power) => digits.map((d) => d * power)).filter((x) => x >= low && x <= high);
}

function evenTicks(low, high, count) {
  const least = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(least));
  const step = Math.max(1, [1, 2, 5, 10].map((d) => d * power).find((d) => d >= least));
  const first = Math.ceil(low / step);
  return Array.from({ length: Math.floor(high / step) - first + 1 }, (_, k) => (first + k) * step);
}

/** uPlot handles mouse events only: translate a finger moved sideways into a mouse that drags. */
function translateTouches(plot) {
  const translate = (from, to, target) => plot.over.addEventListener(from, (event) => {
    if (event.pointerType === "mouse") return;
    event.preventDefault(); // or the browser would send mouse events too
    if (from === "pointercancel") plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    const { clientX, clientY } = event;
    target.dispatchEvent(new MouseEvent(to, { clientX, clientY, movementX: 1, bubbles: true }));
  });
  translate("pointerdown", "mousemove", plot.over);
  translate("pointerdown", "mousedown", plot.over);
  translate("pointermove", "mousemove", plot.over);
  translate("pointerup", "mouseup", document);
  translate("pointercancel", "mouseup", document);
}

/** A group of radio buttons, the first of them checked. */
function choice(title, options, onChoose) {
  const group = element("fieldset");
  const name = `choice-${++choices}`;
  group.append(element("legend", { textContent: title }), ...options.map((option, place) => {
    const input = element("input", { type: "radio", name, checked: place === 0 });
    input.addEventListener("change", () => onChoose(option));
    const label = element("label");
    label.append(input, element("span", { textContent: option.title }));
    return label;
  }));
  return group;
}

function sampleLine(method) {
  const stroke = method.color === "#000000" ? "currentColor" : method.color;
  const dashes = method.dashes.map((length) => 2.5 * length).join(" ");
  return `<svg viewBox="0 0 30 10" aria-hidden="true">
    <line x2="30" y1="5" y2="5" stroke="${stroke}" stroke-width="2.5" stroke-dasharray="${dashes}"/></svg>`;
}

function labelOf(method) {
  const { label, failed, seeds } = method;
  return failed ? `${label} (failed in ${failed} of ${seeds})` : label;
}

function short(x) {
  return x < 1e6 ? inFull.format(x) : inShort.format(x);
}

function described([mean, low, high], seeds) {
  if (mean === null) return "not finite";
  return seeds > 1 ? `${fixed(mean)} (${fixed(low)} to ${fixed(high)})` : fixed(mean);
}

function fixed(loss) {
  return loss >= 1e-3 && loss < 1e4 ? loss.toFixed(4) : loss.toPrecision(4);
}

function element(tag, properties) {
  return Object.assign(document.createElement(tag), properties);
}
