// The observation chart: one panel a vital sign over one time axis, shaded as NEWS2 scores it; then NEWS2 and risk.

import { line, steps, svg, ticks } from "./svg.js";
import { clock, weekday } from "./time.js";
import { t } from "./words.js";

const GAP_MS = 3 * 3600e3; // a line is not drawn over three silent hours
const LEFT = 44, RIGHT = 62, TOP = 8, PANEL = 74, SMALL = 46, SPACE = 14;
const NAMES = { respiratory_rate: t("Respiratory rate"), spo2: t("SpO₂"), systolic_bp: t("Blood pressure"), heart_rate: t("Pulse"), temperature: t("Temperature") };

const box = document.getElementById("charts");
const table = document.getElementById("chart-table");
let shown = null, panels = [], cursor = null;

const timed = (points) => points.map((p) => ({ at: Date.parse(p.at), value: p.value }));
const range = () => Number(document.querySelector("input[name=range]:checked").value);

/** Draw the charts of a patient (the JSON of /api/patients/KEY). */
export function charts(data) {
  shown = data;
  draw();
}

function build() {
  const byCode = Object.fromEntries(shown.trends.map((t) => [t.code, t]));
  const vital = (code) => ({
    name: NAMES[code], unit: t(byCode[code].unit), decimals: byCode[code].decimals, span: byCode[code].span, stripes: byCode[code].stripes,
    lines: [{ css: "a", points: timed(byCode[code].points) }], height: PANEL,
  });
  const found = ["respiratory_rate", "spo2", "systolic_bp", "heart_rate", "temperature"].map(vital);
  found[2].lines.push({ css: "b", points: timed(byCode.diastolic_bp.points) });
  found[2].joined = true;
  found[1].oxygen = timed(byCode.supplemental_oxygen.points);
  found.push({
    name: "NEWS2", unit: "", decimals: 0, span: [0, 12], height: PANEL, steps: true, lines: [{ css: "a", points: timed(shown.scores) }],
    stripes: [{ low: 4, high: 6, points: 2 }, { low: 6, high: null, points: 3 }],
  });
  for (const risk of shown.risks) {
    found.push({
      name: t("%(model)s risk", { model: risk.label }), unit: "%", decimals: 0, span: [0, Math.max(20, (risk.threshold ?? 0) * 250)], height: PANEL,
      stripes: [], limit: risk.threshold === null ? null : risk.threshold * 100,
      gaps: risk.gaps.map(([at, why]) => ({ at: Date.parse(at), why })), note: risk.mode === "silent" ? t("silent") : "",
      lines: [{ css: "risk", points: timed(risk.points).map((p) => ({ ...p, value: p.value * 100 })) }],
    });
  }
  return found;
}

function draw() {
  if (shown === null) return;
  const end = Date.parse(shown.now), start = end - range() * 3600e3;
  const width = Math.max(300, box.clientWidth);
  panels = build();
  let top = TOP;
  for (const panel of panels) {
    panel.top = top;
    top += panel.height + SPACE;
    panel.now = panel.lines.map((l) => l.points.filter((p) => p.at >= start && p.at <= end));
  }
  const height = top + 16;
  const x = (at) => LEFT + ((at - start) / (end - start)) * (width - LEFT - RIGHT);
  const root = svg("svg", { viewBox: `0 0 ${width} ${height}`, width, height });
  const every = { 6: 1, 12: 2, 24: 4, 48: 8 }[range()] * (width < 480 ? 2 : 1) * 3600e3;
  for (let at = Math.ceil(start / every) * every; at <= end; at += every) {
    root.append(svg("path", { class: "grid", d: `M${x(at)} ${TOP}V${top - SPACE}` }), svg("text", { class: "tick", x: x(at), y: height - 6, "text-anchor": "middle" }, clock(at) === "00:00" ? weekday(at) : clock(at)));
  }
  for (const panel of panels) root.append(drawPanel(panel, x, start, end, width));
  cursor = svg("g", { class: "cursor", visibility: "hidden" }, svg("path", { d: `M0 ${TOP}V${top - SPACE}` }), svg("text", { y: height - 6, "text-anchor": "middle" }));
  root.append(cursor);
  root.addEventListener("pointermove", (event) => {
    const at = start + ((event.offsetX - LEFT) / (width - LEFT - RIGHT)) * (end - start);
    point(Math.min(end, Math.max(start, at)), x);
  });
  root.addEventListener("pointerleave", () => point(null, x));
  box.onkeydown = (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    box.dataset.at = Math.min(end, Math.max(start, Number(box.dataset.at || end) + step * (end - start) / 48));
    point(Number(box.dataset.at), x);
  };
  box.replaceChildren(root);
  drawTable(start);
}

function drawPanel(panel, x, start, end, width) {
  const values = panel.now.flat().map((p) => p.value);
  const low = Math.min(panel.span[0], ...values), high = Math.max(panel.span[1], ...values);
  const y = (value) => panel.top + panel.height - ((value - low) / (high - low || 1)) * panel.height;
  const clip = (value) => Math.min(high, Math.max(low, value));
  const group = svg("g", { class: "panel" });
  group.append(svg("rect", { class: "ground", x: LEFT, y: panel.top, width: width - LEFT - RIGHT, height: panel.height }));
  for (const stripe of panel.stripes) {
    const [to, from] = [y(clip(stripe.high ?? high)), y(clip(stripe.low ?? low))];
    if (stripe.points > 0 && from - to > 0.5) group.append(svg("rect", { class: `stripe s${stripe.points}`, x: LEFT, y: to, width: width - LEFT - RIGHT, height: from - to }));
  }
  for (const tick of ticks(low, high, 3)) group.append(svg("text", { class: "tick", x: LEFT - 6, y: y(tick) + 4, "text-anchor": "end" }, String(tick)));
  if (panel.limit != null) group.append(svg("path", { class: "limit", d: `M${LEFT} ${y(panel.limit)}H${width - RIGHT}` }), svg("text", { class: "tick", x: LEFT + 4, y: y(panel.limit) - 4 }, t("limit %(n)s %%", { n: panel.limit.toFixed(0) })));
  if (panel.oxygen) drawOxygen(group, panel, x, start, end);
  for (const gap of panel.gaps ?? []) {
    if (gap.at >= start) group.append(svg("text", { class: "gap", x: x(gap.at), y: panel.top + panel.height - 4, "text-anchor": "middle" }, "×", svg("title", {}, `${clock(gap.at)} ${gap.why}`)));
  }
  if (panel.joined) {
    const other = new Map(panel.now[1].map((p) => [p.at, p.value]));
    for (const p of panel.now[0]) if (other.has(p.at)) group.append(svg("path", { class: "join", d: `M${x(p.at)} ${y(p.value)}V${y(other.get(p.at))}` }));
  }
  panel.lines.forEach((l, i) => {
    const points = panel.now[i];
    group.append(svg("path", { class: `line ${l.css}`, d: panel.steps ? steps(points, x, y, end) : line(points, x, y, GAP_MS) }));
    if (points.length < 100) for (const p of points) group.append(svg("circle", { class: `dot ${l.css}`, cx: x(p.at), cy: y(p.value), r: 2.2 }));
  });
  group.append(svg("text", { class: "title", x: LEFT + 6, y: panel.top + 15 }, panel.name, panel.note ? svg("tspan", { class: "note", dx: 6 }, panel.note) : ""));
  panel.read = svg("text", { class: "read", x: width - RIGHT + 8, y: panel.top + panel.height / 2 + 2 });
  panel.unitText = svg("text", { class: "tick", x: width - RIGHT + 8, y: panel.top + panel.height / 2 + 18 });
  group.append(panel.read, panel.unitText);
  if (values.length === 0) group.append(svg("text", { class: "tick", x: (LEFT + width - RIGHT) / 2, y: panel.top + panel.height / 2 + 4, "text-anchor": "middle" }, t("nothing in this time")));
  read(panel, null);
  return group;
}

function drawOxygen(group, panel, x, start, end) {
  // A bar under the curve while oxygen is given, as on the paper chart.
  panel.oxygen.forEach((p, i) => {
    const until = panel.oxygen[i + 1]?.at ?? end;
    if (p.value > 0 && until > start) group.append(svg("path", { class: "oxygen", d: `M${x(Math.max(start, p.at))} ${panel.top + panel.height - 3}H${x(until)}` }));
  });
}

/** The values at an instant (or the newest): the last at or before it. */
function read(panel, at) {
  const values = panel.now.map((points) => points.findLast((p) => at === null || p.at <= at)).filter(Boolean);
  panel.read.textContent = values.map((p) => p.value.toFixed(panel.decimals)).join("/") || "–";
  panel.unitText.textContent = at !== null && values.length ? clock(values[0].at) : panel.unit;
}

function point(at, x) {
  cursor.setAttribute("visibility", at === null ? "hidden" : "visible");
  if (at !== null) {
    cursor.setAttribute("transform", `translate(${x(at)} 0)`);
    cursor.lastChild.textContent = clock(at);
  }
  for (const panel of panels) read(panel, at);
}

function drawTable(start) {
  const rows = new Map();
  panels.forEach((panel, column) => panel.now.forEach((points) => {
    for (const p of points) {
      const minute = Math.floor(p.at / 60000) * 60000;
      if (minute < start) continue;
      if (!rows.has(minute)) rows.set(minute, []);
      const cell = p.value.toFixed(panel.decimals);
      rows.get(minute)[column] = rows.get(minute)[column] ? `${rows.get(minute)[column]}/${cell}` : cell;
    }
  }));
  const cell = (name, text) => Object.assign(document.createElement(name), { textContent: text });
  const head = document.createElement("tr");
  head.append(cell("th", t("Time")), ...panels.map((p) => cell("th", `${p.name}${p.unit ? ` (${p.unit})` : ""}`)));
  const body = [...rows.keys()].sort((a, b) => b - a).slice(0, 200).map((minute) => {
    const row = document.createElement("tr");
    row.append(cell("th", clock(minute)), ...panels.map((_, i) => cell("td", rows.get(minute)[i] ?? "")));
    return row;
  });
  const drawn = document.createElement("table");
  drawn.createTHead().append(head);
  drawn.createTBody().append(...body);
  table.replaceChildren(drawn);
}

document.querySelector("fieldset.range").addEventListener("change", draw);
let width = 0;
new ResizeObserver(() => { if (box.clientWidth !== width) { width = box.clientWidth; draw(); } }).observe(box);
