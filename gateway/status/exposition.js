'use strict';
// Reads Prometheus' text format and does the arithmetic of its counters: pure functions, no page.

// Samples are {name, labels: Map, value}; `key` tells series apart.
function parseExposition(text) {
  const samples = new Map();
  const types = new Map();
  for (const line of text.split('\n')) {
    if (line.startsWith('# TYPE ')) {
      const [, , name, type] = line.trim().split(/ +/);
      types.set(name, type);
    }
    if (line.trim() === '' || line.startsWith('#')) continue;
    const sample = parseSample(line);
    if (sample !== null) samples.set(keyOf(sample), sample);
  }
  return {samples, types};
}

// null for a line that is none.
function parseSample(line) {
  const named = /^\s*([a-zA-Z_:][a-zA-Z0-9_:]*)\s*/.exec(line);
  if (named === null) return null;
  let at = named[0].length;
  let labels = new Map();
  if (line[at] === '{') {
    const parsed = parseLabels(line, at + 1);
    if (parsed === null) return null;
    ({labels, at} = parsed);
  }
  const [value] = line.slice(at).trim().split(/\s+/);
  const number = parseNumber(value);
  return number === null ? null : {name: named[1], labels, value: number};
}

// The labels behind the opening brace, and where their text ends; null when it does not.
function parseLabels(line, from) {
  const labels = new Map();
  const pattern = /\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*"((?:[^"\\]|\\.)*)"\s*,?/y;
  pattern.lastIndex = from;
  let at = from;
  for (let found = pattern.exec(line); found !== null; found = pattern.exec(line)) {
    labels.set(found[1], unescapeLabel(found[2]));
    at = pattern.lastIndex;
  }
  const end = /\s*\}/y;
  end.lastIndex = at;
  return end.exec(line) === null ? null : {labels, at: end.lastIndex};
}

function unescapeLabel(text) {
  return text.replace(/\\(.)/g, (whole, c) => ({n: '\n', '\\': '\\', '"': '"'})[c] ?? whole);
}

function parseNumber(text) {
  const special = {'+Inf': Infinity, Inf: Infinity, '-Inf': -Infinity, NaN: NaN}[text];
  if (special !== undefined) return special;
  return /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text) ? Number(text) : null;
}

function keyOf(sample) {
  const labels = [...sample.labels].sort((a, b) => (a[0] < b[0] ? -1 : 1));
  return JSON.stringify([sample.name, labels]);
}

// Whether the sample only ever grows.
function isCounted(sample, types) {
  if (types.get(sample.name) === 'counter') return true;
  const family = sample.name.replace(/_(bucket|count|sum)$/, '');
  return family !== sample.name && types.get(family) === 'histogram';
}

function sum(samples, name, wanted = () => true) {
  let total = 0;
  for (const sample of samples.values()) {
    if (sample.name === name && wanted(sample.labels)) total += sample.value;
  }
  return total;
}

// What was counted between two scrapes, also where that is nothing: an empty bucket bounds the next.
// A counter that is smaller than before, or of a process that started since, began at zero.
function increases(before, now) {
  const start = 'process_start_time_seconds';
  const same = sum(before.samples, start) === sum(now.samples, start);
  const grown = [];
  for (const [key, sample] of now.samples) {
    if (!isCounted(sample, now.types)) continue;
    const old = same ? before.samples.get(key)?.value ?? 0 : 0;
    grown.push({...sample, value: sample.value >= old ? sample.value - old : sample.value});
  }
  return grown;
}

// As Prometheus' histogram_quantile: linear within the bucket that holds the quantile. `buckets` are
// [upper bound, count up to it]; null without observations.
function quantile(q, buckets) {
  const sorted = [...buckets].sort((a, b) => a[0] - b[0]);
  const total = sorted.length === 0 ? 0 : sorted[sorted.length - 1][1];
  if (!(total > 0)) return null;
  const rank = q * total;
  const i = sorted.findIndex(([, count]) => count >= rank);
  const [upper, count] = sorted[i];
  const [lower, below] = i === 0 ? [0, 0] : sorted[i - 1];
  if (upper === Infinity) return lower;
  return count === below ? upper : lower + (upper - lower) * ((rank - below) / (count - below));
}
