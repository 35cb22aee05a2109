// The page itself: asks /metrics again and again, keeps two minutes of it, and shows them.

const POLL_SECONDS = 2;
const PATIENCE_SECONDS = 5;
const KEPT_SECONDS = 120;
const LINE_WINDOW_SECONDS = 10;
const TABLE_WINDOW_SECONDS = 60;
const MOST_ROWS = 100;

const one = (name, label, format) => [{name, label, format}];
const pair = (name, high) => [
  {name: name + '50', label: 'p50', format: formatSeconds},
  {name: name + high, label: 'p' + high, format: formatSeconds},
];

// One tile each: its lines, and which sum it says below of the time since the start.
const TILES = [
  {id: 'requests', title: 'Requests', lines: one('requests', '', formatRate),
   total: ['requests', formatCount]},
  {id: 'errors', title: 'Errors', total: ['errors', formatCount],
   lines: ERROR_CLASSES.map((name) => ({name, label: name, format: formatRate}))},
  {id: 'latency', title: 'Latency', lines: pair('latency', 95)},
  {id: 'ttft', title: 'Time to first token', lines: pair('ttft', 95)},
  {id: 'tokens', title: 'Tokens', total: ['tokens', formatCount],
   lines: TOKEN_KINDS.map((name) => ({name, label: name, format: formatRate}))},
  {id: 'cost', title: 'Cost', total: ['cost', formatDollars],
   lines: one('cost', '', (value) => formatDollars(value) + '/s')},
  {id: 'in-flight', title: 'In flight', lines: one('inFlight', '', formatCount)},
  {id: 'connections', title: 'Connections', lines: one('connections', '', formatCount)},
  {id: 'overhead', title: 'Overhead of the gateway', lines: pair('overhead', 99)},
  {id: 'lag', title: 'Loop lag p99', lines: one('lag', '', formatSeconds)},
  {id: 'memory', title: 'Memory', lines: one('memory', '', formatBytes)},
  {id: 'cpu', title: 'Processor', lines: one('cpu', '', (value) => formatNumber(value) + ' cores')},
];

const state = {
  before: null,  // the scrape before this one, {samples, types}
  beforeAt: -Infinity,
  steps: [],     // tallies of the time between scrapes
  points: [],
  lastAnswer: null,
  failing: false,
};

// Since the page was opened. performance.now() may stand still while the machine sleeps, Date.now()
// may be set back: whichever went further is right.
const clock = {steady: performance.now(), wall: Date.now(), passed: 0};

function seconds() {
  const steady = performance.now();
  const wall = Date.now();
  clock.passed += Math.max(steady - clock.steady, wall - clock.wall) / 1000;
  Object.assign(clock, {steady, wall});
  return clock.passed;
}

const place = (id) => document.getElementById(id);

// Only what differs is touched: a selection survives, and readers hear no repetition.
function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function make(name, className, ...children) {
  const element = document.createElement(name);
  if (className !== '') element.className = className;
  element.append(...children);
  return element;
}

// ------------------------------------------------------------------------------------------ tiles

function makeTile(tile) {
  const values = make('dl', tile.lines.length > 1 ? 'values many' : 'values');
  tile.shown = tile.lines.map((line, i) => {
    const shown = make('dd', '', '–');
    const label = make('dt', 'key key-' + i, line.label || tile.title);
    if (line.label === '') label.classList.add('unseen');
    values.append(make('div', '', label, shown));
    return shown;
  });
  tile.chart = makeChart(tile.lines);
  tile.most = make('span', '');
  const box = make('section', tile.lines.length > 1 ? 'tile wide' : 'tile',
                   make('h2', '', tile.title), values, tile.chart,
                   make('p', 'foot', tile.most));
  if (tile.total !== undefined) {
    tile.sum = make('data', '');
    tile.sum.id = tile.id + '-total';
    tile.most.before(tile.sum);
  }
  box.id = 'tile-' + tile.id;
  place('tiles').append(box);
}

function showTile(tile, now, sinceStart) {
  const point = state.points[state.points.length - 1];
  tile.lines.forEach((line, i) => {
    const value = point[line.name];
    say(tile.shown[i], value === null ? '–' : line.format(value));
  });
  const most = drawChart(tile.chart, tile.lines, state.points, now - KEPT_SECONDS, now);
  say(tile.most, most > 0 ? 'up to ' + tile.lines[0].format(most) : '');
  if (tile.total === undefined) return;
  const [name, format] = tile.total;
  const value = sinceStart.all.get(name) ?? 0;
  tile.sum.value = String(value);
  say(tile.sum, format(value) + ' since start');
}

// ------------------------------------------------------------------------------------------ table

// Of each but the model's: its text, its class, and the exact number where the text is rounded.
const COLUMNS = [
  [(row) => row.provider, 'name'],
  [(row) => formatCount(row.requests), 'number', (row) => row.requests],
  [(row) => formatRate(row.rate), 'number'],
  [(row) => formatShare(row.errors), 'number'],
  [(row) => formatSeconds(row.latency), 'number'],
  [(row) => formatSeconds(row.ttft), 'number'],
  [(row) => formatRate(row.tokens), 'number'],
  [(row) => formatCost(row.cost, row.unpriced), 'number', (row) => row.cost],
];

function makeRow(row) {
  const head = make('th', 'name', row.model);
  head.scope = 'row';
  return make('tr', '', head, ...COLUMNS.map(([, kind]) => make('td', kind)));
}

const tableRows = new Map();

function showTable(all) {
  const body = place('models');
  const rows = all.slice(0, MOST_ROWS);
  const keys = new Set(rows.map((row) => row.key));
  for (const [key, element] of tableRows) {
    if (keys.has(key)) continue;
    element.remove();
    tableRows.delete(key);
  }
  say(place('more'), all.length > rows.length ? `The ${MOST_ROWS} busiest of ${all.length}.` : '');
  rows.forEach((row, i) => {
    if (!tableRows.has(row.key)) tableRows.set(row.key, makeRow(row));
    const element = tableRows.get(row.key);
    COLUMNS.forEach(([format, , exact], column) => {
      const cell = element.cells[column + 1];
      say(cell, format(row));
      if (exact !== undefined) cell.dataset.value = String(exact(row));
    });
    if (body.rows[i] !== element) body.insertBefore(element, body.rows[i] ?? null);
  });
  place('table').hidden = rows.length === 0;
}

// ----------------------------------------------------------------------------------------- header

function showFacts(page) {
  const facts = factsOf(page);
  say(place('version'), facts.version);
  say(place('commit'), facts.commit);
  say(place('workers'), formatCount(facts.workers));
  say(place('providers'), facts.providers || 'none');
  say(place('config'), formatCount(facts.generation));
  const loaded = new Date(facts.configured * 1000);
  place('loaded').dateTime = loaded.toISOString();
  say(place('loaded'), loaded.toLocaleString());
  say(place('uptime'), formatAge(Date.now() / 1000 - facts.started));
}

function showNotices(page) {
  const texts = noticesOf(page).map(({count, words, family}) =>
    `${formatCount(count)} ${words} (${family})`);
  const list = place('notice-list');
  if (texts.join('\n') !== [...list.children].map((item) => item.textContent).join('\n')) {
    list.replaceChildren(...texts.map((text) => make('li', '', text)));
  }
  place('notices').hidden = texts.length === 0;
}

function showConnection() {
  const banner = place('banner');
  document.body.classList.toggle('failing', state.failing);
  if (!state.failing) {
    banner.hidden = true;
    say(place('pulse'), 'live');
    return;
  }
  const since = state.lastAnswer === null ? 'this page was opened' : formatTime(state.lastAnswer);
  say(banner, `No gateway has answered since ${since}. What is shown is what was seen last.`);
  banner.hidden = false;
  say(place('pulse'), 'no answer');
}

// ---------------------------------------------------------------------------------------- the loop

// Nobody knows when in a longer gap something was counted: it is in the sums since the start alone.
function take(page, now) {
  const passed = now - state.beforeAt;
  if (passed <= LINE_WINDOW_SECONDS) {
    const tally = tallyOf(increases(state.before, page));
    state.steps.push({at: now, seconds: passed, ...tally});
  } else {
    state.points.push({at: now});  // breaks the lines
  }
  state.steps = state.steps.filter((step) => step.at > now - KEPT_SECONDS);
  const window = total(recent(state.steps, now, LINE_WINDOW_SECONDS));
  state.points.push(pointOf(window, now, page));
  state.points = state.points.filter((point) => point.at > now - KEPT_SECONDS);
  state.before = page;
  state.beforeAt = now;
}

function show(page, now) {
  const sinceStart = tallyOf(page.samples.values());
  for (const tile of TILES) showTile(tile, now, sinceStart);
  showTable(modelRows(sinceStart, total(recent(state.steps, now, TABLE_WINDOW_SECONDS))));
  showFacts(page);
  showNotices(page);
  place('nothing').hidden = (sinceStart.all.get('requests') ?? 0) > 0;
}

async function ask() {
  const answer = await fetch('/metrics', {
    cache: 'no-store',
    headers: {accept: 'text/plain;version=0.0.4'},
    signal: AbortSignal.timeout(PATIENCE_SECONDS * 1000),
  });
  if (!answer.ok) throw new Error('status ' + answer.status);
  const page = parseExposition(await answer.text());
  // A proxy's page for signing in comes with 200, too.
  if (sum(page.samples, 'oriel_build_info') === 0) throw new Error('no metrics of a gateway');
  return page;
}

async function poll() {
  const page = await ask().catch(() => null);
  state.failing = page === null;
  if (page !== null) {
    const now = seconds();
    state.lastAnswer = Date.now();
    take(page, now);
    show(page, now);
  }
  showConnection();
}

// Nobody looks at a hidden tab: it asks nothing, and at once when it is seen again.
async function run() {
  for (;;) {
    if (document.hidden) {
      await new Promise((wake) => {
        document.addEventListener('visibilitychange', wake, {once: true});
      });
      continue;
    }
    await poll();
    await new Promise((wake) => setTimeout(wake, POLL_SECONDS * 1000));
  }
}

for (const tile of TILES) makeTile(tile);
run();
