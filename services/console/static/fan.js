// Beds to come: the census so far, then the mean of the forecast inside its 50, 80 and 95 % bands, and the chance of too
// few beds as a strip below. By the hour or by the day, as the reader chose for the page.

import { line, steps, svg, ticks } from "./svg.js";
import { clock, weekday } from "./time.js";
import { locale, t } from "./words.js";

const LEFT = 30, RIGHT = 10, TOP = 14, BOTTOM = 30, HEIGHT = 190, HOUR = 3600e3, DAY = 24 * HOUR;
const BANDS = [["wider", 0.025, 0.975], ["wide", 0.1, 0.9], ["", 0.25, 0.75]];

/** The value at a level, between two levels on a line. */
function at(levels, values, wanted) {
  const i = levels.findIndex((l) => l >= wanted - 1e-9);
  if (i <= 0) return values[i === 0 ? 0 : values.length - 1];
  return values[i - 1] + ((wanted - levels[i - 1]) / (levels[i] - levels[i - 1])) * (values[i] - values[i - 1]);
}

function band(points, low, high, x, y) {
  const up = points.map((p) => `${x(p.at).toFixed(1)} ${y(p.band(high)).toFixed(1)}`);
  const down = points.map((p) => `${x(p.at).toFixed(1)} ${y(p.band(low)).toFixed(1)}`).reverse();
  return `M${up.join("L")}L${down.join("L")}Z`;
}

const percent = (p) => (p < 0.01 ? "<1 %" : p > 0.99 ? ">99 %" : `${Math.round(p * 100)} %`);
const date = (instant) => new Date(instant).toLocaleDateString(locale, { weekday: "short", day: "numeric", month: "short", timeZone: "UTC" });

function fan(box) {
  const told = JSON.parse(box.querySelector("script").textContent), daily = span() === "day";
  const demand = daily ? told.daily : told.demand, { beds } = told, here = Date.parse(told.now);
  const past = (daily ? told.days : told.history).map((p) => ({ at: Date.parse(p.at), value: p.value }));
  const future = (demand?.hours ?? []).map((h) => ({ at: Date.parse(h.at), value: h.mean, over: h.over, band: (level) => at(demand.levels, h.quantiles, level) }));
  const start = Math.min(here - (daily ? 7 * DAY : 6 * HOUR), ...past.map((p) => p.at)), end = Math.max(here + (daily ? 7 * DAY : 6 * HOUR), ...future.map((h) => h.at));
  const width = Math.max(260, box.clientWidth);
  const values = [...past.map((p) => p.value), ...future.flatMap((h) => [h.band(0.025), h.band(0.975)]), beds];
  const high = Math.max(...values) * 1.03 + 1, low = Math.max(0, Math.min(...values) * 0.95 - 1);
  const x = (instant) => LEFT + ((instant - start) / (end - start)) * (width - LEFT - RIGHT);
  const y = (value) => TOP + (1 - (value - low) / (high - low)) * (HEIGHT - TOP - BOTTOM);
  const root = svg("svg", { viewBox: `0 0 ${width} ${HEIGHT}`, width, height: HEIGHT });
  for (const tick of ticks(low, high, 4).filter(Number.isInteger)) root.append(svg("path", { class: "grid", d: `M${LEFT} ${y(tick)}H${width - RIGHT}` }), svg("text", { class: "tick", x: LEFT - 5, y: y(tick) + 4, "text-anchor": "end" }, String(tick)));
  axis(root, start, end, daily, width, x);
  if (future.length) {
    const value = past.at(-1)?.value ?? future[0].value, all = [{ at: here, value, band: () => value }, ...future];
    for (const [css, from, to] of BANDS) root.append(svg("path", { class: `fan ${css}`, d: band(all, from, to, x, y) }));
    root.append(svg("path", { class: "line mean", d: `M${x(here)} ${y(value)}${line(all, x, y).replace("M", "L")}` }));
    strip(root, future, here, x);
  }
  if (beds) root.append(svg("path", { class: "limit", d: `M${LEFT} ${y(beds)}H${width - RIGHT}` }), svg("text", { class: "tick beds", x: LEFT + 4, y: y(beds) - 4 }, t("%(n)s beds", { n: beds })));
  root.append(svg("path", { class: "line a", d: daily ? line(past, x, y).replace("L", "M") : steps(past, x, y, here) }));
  if (daily) for (const p of past) root.append(svg("circle", { class: "dot a", cx: x(p.at), cy: y(p.value), r: 2 }));
  root.append(svg("path", { class: "now", d: `M${x(here)} ${TOP}V${HEIGHT - BOTTOM}` }), svg("text", { class: "tick", x: x(here) + 4, y: TOP - 3 }, t("Now")));
  box.querySelector("svg")?.remove();
  box.querySelector(".read")?.remove();
  box.append(root);
  reading(box, root, [...past, ...future], { x, y, width, daily, beds });
}

function axis(root, start, end, daily, width, x) {
  const every = daily ? (width < 420 ? 14 : 7) * DAY : (end - start > 40 * HOUR ? (width < 420 ? 24 : 12) : 6) * HOUR;
  for (let instant = Math.ceil(start / every) * every; instant <= end; instant += every) {
    if (x(instant) < LEFT + 12 || x(instant) > width - RIGHT - 14) continue;
    const text = daily ? new Date(instant).toLocaleDateString(locale, { day: "numeric", month: "short", timeZone: "UTC" }) : clock(instant) === "00:00" ? weekday(instant) : clock(instant);
    root.append(svg("path", { class: "grid", d: `M${x(instant)} ${TOP}V${HEIGHT - BOTTOM}` }), svg("text", { class: "tick", x: x(instant), y: HEIGHT - 4, "text-anchor": "middle" }, text));
  }
}

/** The chance of too few beds: the darker, the likelier. */
function strip(root, future, here, x) {
  future.forEach((p, i) => {
    const from = x(i ? (future[i - 1].at + p.at) / 2 : here), to = x(i + 1 < future.length ? (p.at + future[i + 1].at) / 2 : p.at);
    root.append(svg("rect", { class: "chance", x: from, y: HEIGHT - BOTTOM + 4, width: Math.max(0.5, to - from + 0.3), height: 6, "fill-opacity": Math.min(1, p.over * 1.6).toFixed(2) }));
  });
}

/** What the chart says at a point: under the pointer, or stepped to with the arrow keys. */
function reading(box, root, points, { x, y, daily, beds }) {
  if (!points.length) return;
  const words = document.createElement("p"), mark = svg("circle", { class: "mark", r: 4, visibility: "hidden" });
  words.className = "read";
  words.setAttribute("aria-live", "polite");
  root.append(mark);
  box.append(words);
  let i = null;
  function show(next) {
    i = next;
    mark.setAttribute("visibility", i === null ? "hidden" : "visible");
    words.textContent = "";
    if (i === null) return;
    const p = points[i], when = daily ? date(p.at) : `${weekday(p.at)} ${clock(p.at)}`;
    mark.setAttribute("cx", x(p.at));
    mark.setAttribute("cy", y(p.value));
    words.textContent = p.band === undefined ? t("%(when)s: %(n)s beds were taken", { when, n: p.value })
      : t("%(when)s: %(n)s beds, 80 %%: %(low)s to %(high)s", { when, n: p.value.toFixed(1), low: p.band(0.1).toFixed(0), high: p.band(0.9).toFixed(0) })
      + (beds ? t(", more than %(n)s: %(p)s", { n: beds, p: percent(p.over) }) : "");
  }
  const nearest = (px) => points.reduce((best, p, n) => (Math.abs(x(p.at) - px) < Math.abs(x(points[best].at) - px) ? n : best), 0);
  root.addEventListener("pointermove", (event) => show(nearest(event.offsetX)));
  root.addEventListener("pointerleave", () => show(null));
  box.onkeydown = (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    show(Math.min(points.length - 1, Math.max(0, (i ?? points.findIndex((p) => p.band !== undefined) - step) + step)));
  };
  box.onblur = () => show(null);
}

const span = () => sessionStorage.getItem("span") ?? "hour";

/** Draw every fan chart under a node. */
export function fans(node) {
  const chosen = node.querySelector(`#span input[value="${span()}"]`);
  if (chosen) chosen.checked = true;
  for (const box of node.querySelectorAll("[data-fan]")) fan(box);
}

addEventListener("change", (event) => {
  if (event.target.name !== "span") return;
  sessionStorage.setItem("span", event.target.value);
  fans(document);
});
let width = innerWidth;
addEventListener("resize", () => {
  if (innerWidth === width) return;
  width = innerWidth;
  fans(document);
});
