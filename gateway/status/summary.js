// What the page shows of the samples: tallies of what was counted between two scrapes, which add up
// over any window, and totals since the start. Pure functions, no page.

// Requests that are about the gateway itself are not its work; of its work, lists and wrong addresses
// say nothing about how fast models answer.
const OWN_ENDPOINTS = new Set(['metrics', 'health', 'status']);
const QUICK_ENDPOINTS = new Set(['models', 'model', 'other']);
const ERROR_CLASSES = ['caller', 'policy', 'provider', 'gateway'];
const TOKEN_KINDS = ['input', 'output', 'cache read', 'cache write'];

const isWork = (labels) => !OWN_ENDPOINTS.has(labels.get('endpoint'));
const asksModels = (labels) => isWork(labels) && !QUICK_ENDPOINTS.has(labels.get('endpoint'));

function classOf(outcome) {
  if (outcome === 'ok') return 'ok';
  const [domain] = outcome.split('_');
  return ERROR_CLASSES.includes(domain) ? domain : 'gateway';
}

function tokenKind(kind) {
  return kind.startsWith('cache_write') ? 'cache write' : kind.replace('_', ' ');
}

// A tally maps names to sums: 'requests', 'errors', 'errors caller', 'tokens', 'tokens input', 'cost',
// 'unpriced', 'cpu', and the buckets of histograms, 'latency <le>'.
function add(tally, name, value) {
  tally.set(name, (tally.get(name) ?? 0) + value);
}

// By family: how a sample is tallied. A sample that no family claims is not shown.
const TALLIED = {
  oriel_requests_total(tally, labels, value) {
    if (!isWork(labels)) return;
    const domain = classOf(labels.get('outcome') ?? '');
    add(tally, 'requests', value);
    if (domain === 'ok') return;
    add(tally, 'errors', value);
    add(tally, 'errors ' + domain, value);
  },
  oriel_request_duration_seconds_bucket(tally, labels, value) {
    if (asksModels(labels)) add(tally, 'latency ' + labels.get('le'), value);
  },
  oriel_time_to_first_token_seconds_bucket(tally, labels, value) {
    if (labels.get('kind') === 'visible') add(tally, 'ttft ' + labels.get('le'), value);
  },
  oriel_overhead_seconds_bucket(tally, labels, value) {
    if (asksModels(labels)) add(tally, 'overhead ' + labels.get('le'), value);
  },
  oriel_tokens_total(tally, labels, value) {
    add(tally, 'tokens', value);
    add(tally, 'tokens ' + tokenKind(labels.get('kind') ?? ''), value);
  },
  oriel_cost_usd_total(tally, labels, value) {
    add(tally, 'cost', value);
  },
  oriel_unpriced_requests_total(tally, labels, value) {
    add(tally, 'unpriced', value);
  },
  oriel_event_loop_lag_seconds_bucket(tally, labels, value) {
    add(tally, 'lag ' + labels.get('le'), value);
  },
  process_cpu_seconds_total(tally, labels, value) {
    add(tally, 'cpu', value);
  },
};

// {all: tally, models: key -> tally}; models of which nothing was counted are left out.
function tallyOf(samples) {
  const all = new Map();
  const models = new Map();
  for (const {name, labels, value} of samples) {
    const count = TALLIED[name];
    if (count === undefined) continue;
    count(all, labels, value);
    if (!labels.has('model')) continue;
    const key = JSON.stringify([labels.get('model'), labels.get('provider') ?? '']);
    if (!models.has(key)) models.set(key, new Map());
    count(models.get(key), labels, value);
  }
  for (const [key, tally] of models) {
    if (![...tally.values()].some((value) => value > 0)) models.delete(key);
  }
  return {all, models};
}

// The sum of steps' tallies; a step is {at, seconds, all, models}.
function total(steps) {
  const joined = {seconds: 0, all: new Map(), models: new Map()};
  for (const step of steps) {
    joined.seconds += step.seconds;
    for (const [name, value] of step.all) add(joined.all, name, value);
    for (const [key, tally] of step.models) {
      if (!joined.models.has(key)) joined.models.set(key, new Map());
      for (const [name, value] of tally) add(joined.models.get(key), name, value);
    }
  }
  return joined;
}

// The steps of the last `seconds` before `at`.
function recent(steps, at, seconds) {
  return steps.filter((step) => step.at > at - seconds && step.at <= at);
}

function bucketsOf(tally, name) {
  const buckets = [];
  for (const [key, count] of tally) {
    if (key.startsWith(name + ' ')) buckets.push([parseNumber(key.slice(name.length + 1)), count]);
  }
  return buckets;
}

// null where no time was seen.
function perSecond(tally, name, seconds) {
  return seconds > 0 ? (tally.get(name) ?? 0) / seconds : null;
}

// One point of every line that is drawn.
function pointOf(window, at, page) {
  const rate = (name) => perSecond(window.all, name, window.seconds);
  const point = {at, requests: rate('requests'), cost: rate('cost'), cpu: rate('cpu')};
  for (const name of ERROR_CLASSES) point[name] = rate('errors ' + name);
  for (const kind of TOKEN_KINDS) point[kind] = rate('tokens ' + kind);
  for (const name of ['latency', 'ttft']) {
    point[name + '50'] = quantile(0.5, bucketsOf(window.all, name));
    point[name + '95'] = quantile(0.95, bucketsOf(window.all, name));
  }
  point.overhead50 = quantile(0.5, bucketsOf(window.all, 'overhead'));
  point.overhead99 = quantile(0.99, bucketsOf(window.all, 'overhead'));
  point.lag = quantile(0.99, bucketsOf(window.all, 'lag'));
  point.inFlight = sum(page.samples, 'oriel_requests_in_flight', isWork);
  point.connections = sum(page.samples, 'oriel_connections_open');
  point.memory = sum(page.samples, 'process_resident_memory_bytes');
  return point;
}

// The table: one row of each model and provider that was asked since the start, busiest first.
function modelRows(sinceStart, window) {
  const rows = [];
  for (const [key, totals] of sinceStart.models) {
    if (!(totals.get('requests') > 0)) continue;
    const [model, provider] = JSON.parse(key);
    const tally = window.models.get(key) ?? new Map();
    const rate = (name) => perSecond(tally, name, window.seconds);
    const requests = tally.get('requests') ?? 0;
    rows.push({
      key,
      model,
      provider,
      requests: totals.get('requests'),
      rate: rate('requests'),
      errors: requests > 0 ? (tally.get('errors') ?? 0) / requests : null,
      latency: quantile(0.95, bucketsOf(tally, 'latency')),
      ttft: quantile(0.95, bucketsOf(tally, 'ttft')),
      tokens: rate('tokens'),
      cost: totals.get('cost') ?? 0,
      unpriced: totals.get('unpriced') ?? 0,
    });
  }
  return rows.sort((a, b) => b.requests - a.requests || (a.key < b.key ? -1 : 1));
}

// What somebody should know although no line shows it.
const NOTICES = [
  ['oriel_log_lines_dropped_total', 'log lines were lost'],
  ['oriel_spans_dropped_total', 'spans were lost'],
  ['oriel_unpriced_requests_total', 'requests used something without a price: the cost is too low'],
  ['oriel_usage_missing_total', 'answers came without usage: tokens and cost are too low'],
  ['oriel_requests_shed_total', 'requests or connections were turned away to protect the gateway'],
  ['oriel_metric_series_overflow_total', 'samples went to the series called other'],
];

function noticesOf(page) {
  return NOTICES.map(([family, words]) => ({family, words, count: sum(page.samples, family)}))
      .filter((notice) => notice.count > 0);
}

// The labels of build_info and what else the header says.
function factsOf(page) {
  const values = (name) => {
    const found = new Set();
    for (const {labels} of page.samples.values()) if (labels.has(name)) found.add(labels.get(name));
    return [...found].filter((value) => value !== 'unknown' && value !== 'other').sort();
  };
  return {
    version: values('version').join(', '),
    commit: values('commit').join(', '),
    started: sum(page.samples, 'process_start_time_seconds'),
    workers: values('worker').length,
    providers: values('provider').join(', '),
    generation: sum(page.samples, 'oriel_config_generation'),
    configured: sum(page.samples, 'oriel_config_last_reload_timestamp_seconds'),
  };
}
