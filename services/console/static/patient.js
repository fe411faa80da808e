// The patient page: its parts are drawn again by the server when something changed; charts and films here.

import { red } from "./alarm.js";
import "./decide.js";
import { charts } from "./charts.js";
import { films } from "./films.js";
import { follow } from "./live.js";
import { choose } from "./then.js";
import { age } from "./time.js";

const key = document.body.dataset.patient;
const panel = document.getElementById("panel");
const past = document.getElementById("past");
let at = new URLSearchParams(location.search).get("at"); // null: now
let waiting = false, drawn = -Infinity;
let focus = null; // what was focused last: a button that was pressed is disabled, and a disabled one loses it
document.addEventListener("focusin", (event) => { focus = event.target; });
document.addEventListener("pointerdown", () => { focus = null; });

const query = () => (at === null ? "" : `?at=${encodeURIComponent(at)}`);

async function draw() {
  const [page, data] = await Promise.all([fetch(`/patients/${key}/now${query()}`), fetch(`/api/patients/${key}${query()}`)]);
  if (!page.ok || !data.ok) {
    if (at !== null) location.search = query(); // the server's page says why this moment cannot be shown
    return;
  }
  const fresh = new DOMParser().parseFromString(await page.text(), "text/html");
  const parts = [...fresh.querySelectorAll("[data-part]")], named = new Set(parts.map((part) => part.dataset.part));
  for (const part of parts) {
    const old = panel.querySelector(`[data-part=${part.dataset.part}]`);
    if (old === null) { location.reload(); return; } // a part that was not there
    const focused = old.contains(focus) ? focus : null;
    const typing = focused === document.activeElement && focused?.matches("input, select, textarea");
    if (strip(old) === strip(part) || typing) continue;
    for (const [i, details] of [...old.querySelectorAll("details")].entries()) {
      if (details.open) part.querySelectorAll("details")[i]?.setAttribute("open", "");
    }
    old.replaceWith(part);
    if (focused && document.activeElement === document.body) again(part, focused)?.focus({ preventScroll: true });
    if (part.dataset.part === "films") films(part);
  }
  for (const old of panel.querySelectorAll("[data-part]")) if (!named.has(old.dataset.part)) old.remove();
  age(panel);
  tell();
  charts(await data.json());
}

/** The control of a part drawn anew that does what the focused one did, so that a keyboard stays where it was. */
function again(part, focused) {
  const [name, value] = Object.entries(focused.dataset).find(([k]) => ["advice", "alert", "explain"].includes(k)) ?? [];
  return name === undefined ? null : part.querySelector(`[data-${name}="${CSS.escape(value)}"]`);
}

/** What a part says, without the ages that change by themselves. */
function strip(part) {
  return part.dataset.drawn ??= part.outerHTML.replace(/<time class="age[\s\S]*?<\/time>/g, "").replace(/\s+/g, " ");
}

/** At once, and at most once a second, however many facts arrive. */
function soon() {
  if (waiting) return;
  waiting = true;
  setTimeout(async () => {
    waiting = false;
    drawn = performance.now();
    await draw();
  }, Math.max(0, drawn + 1000 - performance.now()));
}

for (const part of panel.querySelectorAll("[data-part]")) strip(part);
films(panel);
// A page that got no charts is still live: what is drawn next brings them.
const first = await fetch(`/api/patients/${key}${query()}`).catch(() => null);
if (first?.ok) charts(await first.json());
follow(key, { changed: () => at === null && soon(), back: () => at === null && soon() });

/** What is red and unanswered here: counted, announced and sounded as on the board. */
function tell() {
  if (at !== null) return;
  red([...panel.querySelectorAll("[data-unanswered]")].map((story) => ({
    id: story.dataset.unanswered,
    text: `${panel.querySelector("h1 .bed").textContent}: ${story.querySelector(".story-summary").textContent}`,
  })));
}
tell();

/** The page as it was known at another moment; the address says so too. */
async function show(instant) {
  at = instant;
  history.replaceState(null, "", location.pathname + query());
  past.hidden = at === null;
  if (at === null) delete document.body.dataset.at;
  else document.body.dataset.at = `${at}:00+00:00`;
  document.getElementById("past-at").textContent = at?.replace("T", " ") ?? "";
  await draw();
}
choose(show);
