// Numbers as people read them, and lines as inline SVG. Everything shown is set as text.

const WIDTH = 240;
const HEIGHT = 56;

function svg(name, attributes) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

// Three digits that count, no exponent where a person can do without.
function formatNumber(value) {
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size >= 1e15 || size < 1e-9) return value.toExponential(1);
  const steps = [[1e12, 'T'], [1e9, 'G'], [1e6, 'M'], [1e4, 'k', 1e3]];
  for (const [from, letter, unit = from] of steps) {
    if (size >= from) return formatNumber(value / unit) + letter;
  }
  const digits = Math.min(12, Math.max(0, 2 - Math.floor(Math.log10(size))));
  return Number(value.toFixed(digits)).toLocaleString('en', {maximumFractionDigits: digits});
}

function formatCount(value) {
  return value.toLocaleString('en', {maximumFractionDigits: 0});
}

function formatRate(value) {
  return value === null ? '–' : formatNumber(value) + '/s';
}

function formatSeconds(value) {
  if (value === null) return '–';
  if (value > 0 && value < 1e-3) return formatNumber(value * 1e6) + ' µs';
  if (value < 1) return formatNumber(value * 1e3) + ' ms';
  return formatNumber(value) + ' s';
}

function formatDollars(value) {
  return '$' + formatNumber(value);
}

// What is known of a cost of which a part has no price.
function formatCost(dollars, unpriced) {
  if (unpriced === 0) return formatDollars(dollars);
  return dollars === 0 ? 'no price' : '≥ ' + formatDollars(dollars);
}

function formatBytes(value) {
  return formatNumber(value / (1024 * 1024)) + ' MiB';
}

function formatShare(value) {
  return value === null ? '–' : formatNumber(value * 100) + ' %';
}

// "3 d 4 h": the two largest units.
function formatAge(seconds) {
  const units = [[86400, 'd'], [3600, 'h'], [60, 'min'], [1, 's']];
  const parts = [];
  let left = Math.max(0, Math.floor(seconds));
  for (const [size, name] of units) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count > 0 || (name === 's' && parts.length === 0)) parts.push(count + ' ' + name);
  }
  return parts.slice(0, 2).join(' ');
}

function formatTime(milliseconds) {
  const date = new Date(milliseconds);
  const two = (number) => String(number).padStart(2, '0');
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':');
}

// The path of one line: null breaks it.
function pathOf(points, name, from, until, most) {
  let path = '';
  let pen = 'M';
  for (const point of points) {
    const value = point[name];
    if (value === null || value === undefined) {
      pen = 'M';
      continue;
    }
    const x = ((point.at - from) / (until - from)) * WIDTH;
    const y = HEIGHT - 2 - (value / most) * (HEIGHT - 6);
    path += pen + x.toFixed(1) + ' ' + y.toFixed(1);
    pen = 'L';
  }
  return path;
}

// A chart holds one path a line, each with a class, so that style and dashes come from the sheet.
function makeChart(lines) {
  const chart = svg('svg', {
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    preserveAspectRatio: 'none',
    'aria-hidden': 'true',
    class: 'chart',
  });
  chart.append(svg('line', {x1: 0, x2: WIDTH, y1: HEIGHT - 2, y2: HEIGHT - 2, class: 'axis'}));
  lines.forEach((line, i) => chart.append(svg('path', {class: 'line line-' + i, d: ''})));
  return chart;
}

// Draws the lines and returns the value at the top.
function drawChart(chart, lines, points, from, until) {
  const values = points.flatMap((point) => lines.map((line) => point[line.name] ?? 0));
  const most = Math.max(0, ...values);
  const paths = chart.querySelectorAll('path');
  lines.forEach((line, i) => {
    paths[i].setAttribute('d', pathOf(points, line.name, from, until, most || 1));
  });
  return most;
}
