// The board: rows come by server-sent events as the server drew them; here they are put in their place.

import { red } from "./alarm.js";
import "./decide.js";
import { follow } from "./live.js";
import { at, choose, go } from "./then.js";
import { age } from "./time.js";
import { t } from "./words.js";

const find = document.getElementById("find");
const ward = document.getElementById("ward");
const found = document.getElementById("found");
const lists = Object.fromEntries([...document.querySelectorAll("[data-group]")].map((l) => [l.dataset.group, l]));
const still = matchMedia("(prefers-reduced-motion: reduce)");

let matches = null; // keys that the search found, or null when nothing is looked for

const all = () => document.querySelectorAll("li.row");

function parse(html) {
  const holder = document.createElement("template");
  holder.innerHTML = html;
  return holder.content.querySelector("li");
}

/** Put a row where its urgency and worry say: the most worrying first, then by bed. */
function place(row) {
  const before = (other) =>
    Number(other.dataset.worry) < Number(row.dataset.worry) ||
    (Number(other.dataset.worry) === Number(row.dataset.worry) && other.dataset.bed.localeCompare(row.dataset.bed) > 0);
  const list = lists[row.dataset.urgency];
  const next = [...list.children].find((other) => other !== row && before(other)) ?? null;
  if (row.parentElement !== list || row.nextElementSibling !== next) list.insertBefore(row, next);
}

function update(message) {
  const tops = new Map([...all()].map((row) => [row.dataset.key, row.getBoundingClientRect().top]));
  const focused = document.activeElement?.closest("li.row")?.dataset.key;
  const focusedOn = document.activeElement?.className;
  if (message.full) {
    const here = new Set(message.rows.map((row) => row.key));
    for (const row of all()) if (!here.has(row.dataset.key)) row.remove();
  }
  document.getElementById("closed").innerHTML = message.closed;
  for (const key of message.gone) document.getElementById(`row-${key}`)?.remove();
  for (const { key, html } of message.rows) {
    const row = parse(html);
    const old = document.getElementById(`row-${key}`);
    if (old) {
      if (row.dataset.worry !== old.dataset.worry) row.classList.add("changed");
      old.replaceWith(row);
    } else {
      row.classList.add("changed");
    }
    age(row);
    place(row);
    if (key === focused) row.querySelector(`.${focusedOn?.split(" ")[0] || "who-cell"}`)?.focus({ preventScroll: true });
  }
  filter();
  if (!still.matches) slide(tops);
}

/** Rows that moved slide to their new place, so that the eye can follow. */
function slide(tops) {
  for (const row of all()) {
    const before = tops.get(row.dataset.key);
    if (before === undefined || row.hidden) continue;
    const by = before - row.getBoundingClientRect().top;
    if (Math.abs(by) > 2) row.animate([{ transform: `translateY(${by}px)` }, { transform: "none" }], { duration: 350, easing: "ease-out" });
  }
}

function filter() {
  let shown = 0;
  const counts = { now: 0, soon: 0, steady: 0 };
  for (const row of all()) {
    row.hidden = !((!ward.value || row.dataset.ward === ward.value) && (matches === null || matches.has(row.dataset.key)));
    if (row.hidden) continue;
    shown += 1;
    counts[row.dataset.urgency] += 1;
  }
  for (const [urgency, count] of Object.entries(counts)) {
    document.querySelector(`[data-count=${urgency}]`).textContent = count;
    lists[urgency].closest("section").hidden = count === 0;
  }
  const empty = document.getElementById("empty");
  empty.hidden = shown > 0;
  if (all().length > 0) {
    document.getElementById("empty-title").textContent = matches === null ? t("Nobody is on this ward") : t("No patient matches");
    document.getElementById("empty-text").textContent = matches === null ? t("Choose another ward above.") : t("Search by bed, by name, or by hospital number.");
  }
  const unanswered = [...all()].filter((row) => row.dataset.alertText && (!ward.value || row.dataset.ward === ward.value));
  if (at() === null) red(unanswered.map((row) => ({ id: row.dataset.alert, text: row.dataset.alertText })));
}

async function search() {
  const text = find.value.trim();
  found.hidden = true;
  if (!text) {
    matches = null;
    filter();
    return;
  }
  const answer = await fetch("/api/search", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ text }),
  });
  if (!answer.ok || text !== find.value.trim()) return;
  const people = await answer.json();
  matches = new Set(people.filter((p) => p.here).map((p) => p.key));
  const elsewhere = people.filter((p) => !p.here);
  if (elsewhere.length > 0) {
    found.replaceChildren(t("Not admitted now: "), ...elsewhere.flatMap((p, i) => {
      const link = document.createElement("a");
      link.href = `/patients/${p.key}`;
      link.textContent = p.name ?? p.key.slice(0, 6);
      return i ? [", ", link] : [link];
    }));
    found.hidden = false;
  }
  filter();
}

let typing;
find.addEventListener("input", () => { clearTimeout(typing); typing = setTimeout(search, 150); });
find.addEventListener("keydown", (event) => {
  if (event.key === "Escape") { find.value = ""; search(); }
  if (event.key === "Enter") document.querySelector("li.row:not([hidden]) a")?.focus();
});
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && !event.target.closest("input, textarea, select")) { event.preventDefault(); find.focus(); }
});
ward.value = localStorage.getItem("ward") ?? "";
if (ward.selectedIndex < 0) ward.value = "";
ward.addEventListener("change", () => { localStorage.setItem("ward", ward.value); filter(); });

filter();
choose(go);
if (at() !== null) for (const link of document.querySelectorAll("a.who-cell")) link.search = `?at=${at()}`;
follow("board", { rows: (message) => at() === null && update(message) });
