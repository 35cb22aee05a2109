// Grafana's units, those that the dashboards use: a value becomes {before, text, suffix}.

const THOUSANDS = [[1e12, "T"], [1e9, "B"], [1e6, "M"], [1e3, "K"], [1, ""]];
const TIMES = [[86400, "day"], [3600, "hour"], [60, "min"], [1, "s"], [1e-3, "ms"], [1e-6, "µs"], [1e-9, "ns"]];
const WORDS = [
  [31536000, "year"], [2592000, "month"], [604800, "week"], [86400, "day"], [3600, "hour"], [60, "minute"], [1, "second"],
];
const BYTES = [[2 ** 40, "TiB"], [2 ** 30, "GiB"], [2 ** 20, "MiB"], [2 ** 10, "KiB"], [1, "B"]];

const UNITS = {
  short: { scales: THOUSANDS },
  reqps: { scales: THOUSANDS, after: "req/s" },
  cps: { scales: THOUSANDS, after: "c/s" },
  s: { scales: TIMES },
  dtdurations: { scales: WORDS, whole: true },
  bytes: { scales: BYTES },
  percentunit: { scales: [[0.01, "%"]], tight: true },
  currencyUSD: { scales: THOUSANDS, before: "$" },
};

function unitOf(name) {
  if (!UNITS[name]) throw new Error(`no such unit here: ${name}`);
  return UNITS[name];
}

function scaleOf(unit, value) {
  return unit.scales.find(([least]) => Math.abs(value) >= least) ?? unit.scales.at(-1);
}

const MOST_DECIMALS = 5;

function decimalsOf(step) {
  for (let decimals = 0; decimals < MOST_DECIMALS; ++decimals) {
    const scaled = step * 10 ** decimals;
    if (Math.abs(scaled - Math.round(scaled)) < 1e-6 * Math.max(1, scaled)) return decimals;
  }
  return MOST_DECIMALS;
}

function pieces(unit, scaled, decimals, word) {
  const suffix = [word, unit.after].filter(Boolean).join(" ");
  const space = suffix && !unit.tight ? " " : "";
  return { before: unit.before ?? "", text: scaled.toFixed(decimals), suffix: space + suffix };
}

/// With that many decimals, else to three significant digits.
export function format(name, value, decimals = null) {
  const unit = unitOf(name);
  const [least, word] = scaleOf(unit, value || 1);
  const scaled = value / least;
  if (unit.whole) return pieces(unit, Math.floor(scaled), 0, Math.floor(scaled) === 1 ? word : `${word}s`);
  if (decimals !== null) return pieces(unit, scaled, decimals, word);
  const whole = Math.max(1, Math.floor(Math.log10(Math.abs(scaled) || 1)) + 1);
  const small = Math.abs(scaled) < 1 && scaled !== 0 ? -Math.floor(Math.log10(Math.abs(scaled))) + 1 : 3 - whole;
  return pieces(unit, scaled, Math.min(decimalsOf(scaled), Math.max(0, Math.min(small, 6))), word);
}

export function inWords(name, value, decimals = null) {
  const { before, text, suffix } = format(name, value, decimals);
  return before + text + suffix;
}

/// How far apart an axis' marks may be, so that they are round in the unit; null: any round decimal.
export function stepsOf(name) {
  const { scales } = unitOf(name);
  if (scales === BYTES) return Array.from({ length: 50 }, (_, power) => 2 ** power);
  if (scales === WORDS) return [1, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600, 86400, 604800, 2592000];
  return null;
}

/// The labels of an axis whose marks are `step` apart.
export function marks(name, values, step) {
  const unit = unitOf(name);
  if (unit.whole) return values.map((value) => inWords(name, value));
  return values.map((value) => {
    const [least, word] = scaleOf(unit, value || step);
    const { before, text, suffix } = pieces(unit, value / least, decimalsOf(step / least), word);
    return before + text + suffix;
  });
}
