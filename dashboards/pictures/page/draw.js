// draw(dashboard, data, range): lays the dashboard out as its gridPos say and draws its panels.
//
// data: panel id -> list of series {name, times, values, exemplars: [[time, value]]}; an instant query's series
// has one value. range: {from, to, step} in seconds.

import uPlot from "/lib/uplot/dist/uPlot.esm.js";
import { colorsOf, GREEN, RED, translucent } from "./colors.js";
import { format, inWords, marks, stepsOf } from "./units.js";

const CELL = 30;
const MARGIN = 8;
const WIDTH = 1600 - 2 * 16;
const FAINT = "rgba(204, 204, 220, 0.65)";
const GRID = "rgba(204, 204, 220, 0.09)";
const FONT = '11.5px "Inter Variable"';
const EXEMPLARS = 60; // drawn of a panel at most

function element(parent, tag, className = "", text = "") {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  parent.append(made);
  return made;
}

function place(section, { x, y, w, h }) {
  const column = (WIDTH + MARGIN) / 24;
  Object.assign(section.style, {
    left: `${Math.round(x * column)}px`,
    top: `${y * (CELL + MARGIN)}px`,
    width: `${Math.round((x + w) * column) - Math.round(x * column) - MARGIN}px`,
    height: `${h * (CELL + MARGIN) - MARGIN}px`,
  });
}

// Each series on top of those before it; one that has no value is flat while others have one.
function stacked(series) {
  const sums = series[0].times.map((_, i) => (series.some(({ values }) => values[i] !== null) ? 0 : null));
  return series.map(({ values }) => values.map((value, i) => (sums[i] === null ? null : (sums[i] += value ?? 0))));
}

function threshold(defaults) {
  return defaults.custom?.thresholdsStyle?.mode === "line" ? defaults.thresholds?.steps.at(-1).value ?? null : null;
}

function heightOf(defaults, limit) {
  return (_, least, most) => {
    const low = defaults.min ?? least ?? 0;
    const top = Math.max(most ?? 0, limit ?? 0);
    if (defaults.max !== undefined) return [low, defaults.max];
    return [low, top > low ? top + (top - low) * 0.08 : low + 1];
  };
}

function line(u, value) {
  const { left, width } = u.bbox;
  const y = Math.round(u.valToPos(value, "y", true)) + 0.5;
  Object.assign(u.ctx, { strokeStyle: RED, lineWidth: 1, globalAlpha: 0.8 });
  u.ctx.setLineDash([]);
  u.ctx.beginPath();
  u.ctx.moveTo(left, y);
  u.ctx.lineTo(left + width, y);
  u.ctx.stroke();
  u.ctx.globalAlpha = 1;
}

function diamonds(u, points) {
  u.ctx.fillStyle = "rgba(140, 190, 255, 0.75)";
  for (const [time, value] of points) {
    if (value > u.scales.y.max) continue;
    const x = u.valToPos(time, "x", true), y = u.valToPos(value, "y", true);
    u.ctx.beginPath();
    for (const [dx, dy] of [[0, -3.5], [3.5, 0], [0, 3.5], [-3.5, 0]]) u.ctx.lineTo(x + dx, y + dy);
    u.ctx.fill();
  }
}

// Evenly thinned out in time, the slowest of each bit of it: the ones that one would click on.
function thinned(series, range) {
  const best = new Map();
  for (const [time, value] of series.flatMap((one) => one.exemplars)) {
    const slot = Math.floor(((time - range.from) / (range.to - range.from)) * EXEMPLARS);
    if (!(best.get(slot)?.[1] >= value)) best.set(slot, [time, value]);
  }
  return [...best.values()];
}

function clock(seconds) {
  return new Date(seconds * 1000).toISOString().slice(11, 16);
}

function legend(parent, series, colors) {
  const box = element(parent, "div", "legend");
  series.forEach(({ name }, i) => {
    const item = element(box, "span");
    element(item, "i").style.background = colors[i];
    item.append(name);
  });
  const more = element(box, "span");
  let hidden = 0;
  while (box.scrollHeight > box.clientHeight) {
    more.previousElementSibling.remove();
    more.textContent = `and ${++hidden} more`;
  }
  if (hidden === 0) more.remove();
}

function axes(unit, range) {
  const common = { stroke: FAINT, font: FONT, grid: { stroke: GRID, width: 1 }, ticks: { show: false } };
  const time = { ...common, size: 26, gap: 4, splits: () => minutes(range), values: (_, times) => times.map(clock) };
  const height = {
    ...common, gap: 6, space: 34,
    size: (u, labels) => widest(u, labels) + 18,
    values: (_, values, __, ___, step) => marks(unit, values, step),
  };
  const steps = stepsOf(unit);
  return [time, steps ? { ...height, incrs: steps } : height];
}

function timeseries(panel, body, series, range) {
  const { defaults } = panel.fieldConfig;
  const custom = defaults.custom ?? {};
  const stack = custom.stacking?.mode === "normal";
  const colors = colorsOf(panel, series);
  legend(body.parentElement, series, colors);
  const limit = threshold(defaults);
  const points = thinned(series, range);
  const lines = colors.map((color) => ({
    stroke: color, width: custom.lineWidth ?? 1, points: { show: false },
    fill: translucent(color, (custom.fillOpacity ?? 0) / 100),
  }));
  new uPlot({
    width: body.clientWidth,
    height: body.clientHeight,
    padding: [10, 16, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    scales: { x: { time: false, range: () => [range.from, range.to] }, y: { range: heightOf(defaults, limit) } },
    axes: axes(defaults.unit, range),
    series: [{}, ...lines],
    bands: stack ? series.slice(1).map((_, i) => ({ series: [i + 2, i + 1] })) : [],
    hooks: { draw: [(u) => { if (limit !== null) line(u, limit); diamonds(u, points); }] },
  }, [series[0].times, ...(stack ? stacked(series) : series.map(({ values }) => values))], body);
}

function widest(u, labels) {
  if (!labels) return 0;
  u.ctx.font = FONT;
  return Math.ceil(Math.max(...labels.map((label) => u.ctx.measureText(label).width)));
}

function minutes({ from, to }) {
  const found = [];
  for (let time = Math.ceil(from / 60) * 60; time <= to; time += 60) found.push(time);
  return found;
}

const last = (series) => series.values.findLast((value) => value !== null) ?? null;

function statColor({ thresholds }, value) {
  const reached = thresholds?.steps.findLast((step) => step.value === null || value >= step.value);
  return reached?.color === "red" ? RED : GREEN;
}

function stat(panel, body, series, range) {
  const { defaults } = panel.fieldConfig;
  const value = last(series[0]);
  const trend = series[0].times.length > 1 && panel.options.graphMode === "area";
  const color = statColor(defaults, value);
  const box = element(body, "div", trend ? "stat" : "stat alone");
  if (trend) sparkline(element(box, "div", "spark"), body, series[0], color, range);
  const label = element(box, "div", "value");
  const { before, text, suffix } = format(defaults.unit, value, defaults.decimals);
  const inner = element(label, "div", "", before + text);
  element(inner, "small", "", suffix);
  label.style.color = color;
  const fits = (size) => {
    label.style.fontSize = `${size}px`;
    return inner.scrollWidth <= body.clientWidth - 24;
  };
  for (let size = 40; size > 14 && !fits(size); size -= 1);
}

function sparkline(holder, body, series, color, range) {
  const hidden = { show: false };
  new uPlot({
    width: body.clientWidth,
    height: Math.round(body.clientHeight * 0.42),
    padding: [2, 0, 0, 0],
    legend: hidden,
    cursor: hidden,
    scales: {
      x: { time: false, range: () => [range.from, range.to] },
      y: { range: (_, least, most) => [least - (most - least) * 0.1 - 1e-12, most + (most - least) * 0.05 + 1e-12] },
    },
    axes: [hidden, hidden],
    series: [{}, { stroke: color, width: 1.25, fill: translucent(color, 0.14), points: hidden }],
  }, [series.times, series.values], holder);
}

function bargauge(panel, body, series) {
  const { unit, decimals } = panel.fieldConfig.defaults;
  const shown = series.filter((one) => last(one) !== null);
  const most = Math.max(...shown.map(last), 1e-12);
  const box = element(body, "div", "bars");
  for (const one of shown) {
    const bar = element(box, "div");
    element(bar, "label", "", one.name);
    const fill = element(bar, "i");
    fill.style.width = `${(last(one) / most) * 100}%`;
    Object.assign(fill.style, { borderColor: GREEN, background: translucent(GREEN, 0.3) });
    element(bar, "b", "", inWords(unit, last(one), decimals)).style.color = GREEN;
  }
}

const KINDS = { timeseries, stat, bargauge };

function panelOf(main, panel, series, range) {
  const section = element(main, "section", "panel");
  place(section, panel.gridPos);
  element(section, "h2", "", panel.title);
  const body = element(section, "div", "body");
  if (series.some((one) => last(one) !== null)) KINDS[panel.type](panel, body, series, range);
  else element(body, "div", "none", "No data");
}

function head(dashboard, range) {
  const header = element(document.body, "header");
  element(header, "h1", "", dashboard.title);
  for (const { type, label, current } of dashboard.templating.list) {
    if (type !== "query") continue;
    const variable = element(header, "div", "variable");
    element(variable, "b", "", label);
    element(variable, "span", "", current.text);
  }
  element(header, "div", "range", `Last ${Math.round((range.to - range.from) / 60)} minutes`);
}

window.draw = async (dashboard, data, range) => {
  await Promise.all(["400", "500"].map((weight) => document.fonts.load(`${weight} 14px "Inter Variable"`)));
  head(dashboard, range);
  const main = element(document.body, "main");
  let rows = 0;
  for (const panel of dashboard.panels) {
    rows = Math.max(rows, panel.gridPos.y + panel.gridPos.h);
    if (panel.type === "row") {
      const section = element(main, "section", "row", panel.title);
      place(section, panel.gridPos);
      continue;
    }
    if (!KINDS[panel.type]) throw new Error(`no such panel here: ${panel.type}`);
    panelOf(main, panel, data[panel.id], range);
  }
  main.style.height = `${rows * (CELL + MARGIN)}px`;
  element(document.body, "footer", "",
    "Drawn from the dashboard's JSON and a real Prometheus by dashboards/pictures; Grafana's own drawing differs, " +
    "and shows series that are 0 all the time. Diamonds are exemplars: traces.");
};
