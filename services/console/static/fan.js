// Beds to come: the census so far, then the mean of the forecast inside its quantiles (50 % and 90 %).

import { line, steps, svg, ticks } from "./svg.js";
import { clock, weekday } from "./time.js";

const LEFT = 30, RIGHT = 10, TOP = 8, BOTTOM = 20, HEIGHT = 150;

function band(hours, low, high, x, y) {
  const up = hours.map((h) => `${x(h.at)} ${y(h.quantiles[high])}`);
  const down = hours.map((h) => `${x(h.at)} ${y(h.quantiles[low])}`).reverse();
  return `M${up.join("L")}L${down.join("L")}Z`;
}

/** The index of the level nearest to a probability. */
function level(levels, wanted) {
  return levels.reduce((best, l, i) => (Math.abs(l - wanted) < Math.abs(levels[best] - wanted) ? i : best), 0);
}

function fan(box) {
  const { history, demand, beds, now } = JSON.parse(box.querySelector("script").textContent);
  const past = history.map((p) => ({ at: Date.parse(p.at), value: p.value }));
  const hours = (demand?.hours ?? []).map((h) => ({ at: Date.parse(h.at), value: h.mean, quantiles: h.quantiles }));
  const here = Date.parse(now);
  const start = Math.min(here - 6 * 3600e3, ...past.map((p) => p.at)), end = Math.max(here + 6 * 3600e3, ...hours.map((h) => h.at));
  const width = Math.max(260, box.clientWidth);
  const values = [...past.map((p) => p.value), ...hours.flatMap((h) => [h.value, ...h.quantiles]), beds];
  const high = Math.max(...values) * 1.05 + 1, low = Math.max(0, Math.min(...values) * 0.9 - 1);
  const x = (at) => LEFT + ((at - start) / (end - start)) * (width - LEFT - RIGHT);
  const y = (value) => TOP + (1 - (value - low) / (high - low)) * (HEIGHT - TOP - BOTTOM);
  const root = svg("svg", { viewBox: `0 0 ${width} ${HEIGHT}`, width, height: HEIGHT });
  for (const tick of ticks(low, high, 3)) root.append(svg("path", { class: "grid", d: `M${LEFT} ${y(tick)}H${width - RIGHT}` }), svg("text", { class: "tick", x: LEFT - 5, y: y(tick) + 4, "text-anchor": "end" }, String(tick)));
  const every = (end - start > 40 * 3600e3 ? 12 : 6) * 3600e3;
  for (let at = Math.ceil(start / every) * every; at <= end; at += every) root.append(svg("text", { class: "tick", x: x(at), y: HEIGHT - 5, "text-anchor": "middle" }, clock(at) === "00:00" ? weekday(at) : clock(at)));
  if (hours.length) {
    const from = { at: here, value: past.at(-1)?.value ?? hours[0].value };
    from.quantiles = demand.levels.map(() => from.value);
    const all = [from, ...hours];
    root.append(svg("path", { class: "fan wide", d: band(all, level(demand.levels, 0.05), level(demand.levels, 0.95), x, y) }));
    root.append(svg("path", { class: "fan", d: band(all, level(demand.levels, 0.25), level(demand.levels, 0.75), x, y) }));
    root.append(svg("path", { class: "line mean", d: `M${x(from.at)} ${y(from.value)}${line(all, x, y).replace("M", "L")}` }));
  }
  root.append(svg("path", { class: "limit", d: `M${LEFT} ${y(beds)}H${width - RIGHT}` }), svg("text", { class: "tick", x: width - RIGHT - 2, y: y(beds) - 4, "text-anchor": "end" }, `${beds} beds`));
  root.append(svg("path", { class: "line a", d: steps(past, x, y, here) }), svg("path", { class: "now", d: `M${x(here)} ${TOP}V${HEIGHT - BOTTOM}` }), svg("text", { class: "tick", x: x(here) + 4, y: TOP + 8 }, "now"));
  box.querySelector("svg")?.remove();
  box.append(root);
}

/** Draw every fan chart under a node. */
export function fans(node) {
  for (const box of node.querySelectorAll("[data-fan]")) fan(box);
}

addEventListener("resize", () => fans(document));
