// Colours: what the panel's overrides say, else those of words that mean good or bad, else Grafana's palette.

export const GREEN = "#73bf69";
export const RED = "#f2495c";
const PALETTE = [
  "#5794f2", "#f2cc0c", "#b877d9", "#ff780a", "#73bf69", "#8ab8ff", "#ffa6b0", "#fade2a", "#ca95e5", "#37872d",
  "#e0b400", "#1f60c4", "#ff9830", "#8f3bb8", "#96d98d", "#c4162a",
];
const WORDS = {
  ok: GREEN, complete: GREEN, 200: GREEN, stop: GREEN, success: GREEN,
  p50: "#73bf69", p90: "#f2cc0c", p99: "#ff780a",
  caller: "#5794f2", policy: "#b877d9", provider: "#ff780a", gateway: RED, other: RED,
  client_abort: "#5794f2", truncated: RED, upstream_error: "#ff780a",
};
const NAMES = { green: GREEN, red: RED, orange: "#ff780a", yellow: "#f2cc0c", blue: "#5794f2", purple: "#b877d9" };

function overridden(panel, name) {
  for (const { matcher, properties } of panel.fieldConfig.overrides ?? []) {
    if (matcher.id !== "byName" || matcher.options !== name) continue;
    const color = properties.find(({ id }) => id === "color")?.value.fixedColor;
    if (color) return NAMES[color] ?? color;
  }
  return null;
}

export function colorsOf(panel, series) {
  const known = series.map(({ name }) => overridden(panel, name) ?? WORDS[name] ?? null);
  const free = PALETTE.filter((color) => !known.includes(color));
  let next = 0;
  return known.map((color) => color ?? free[next++ % free.length]);
}

export function translucent(color, opacity) {
  return color + Math.round(opacity * 255).toString(16).padStart(2, "0");
}
