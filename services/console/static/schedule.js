// The schedule page: draws the plan, tries edits out on the server, asks, saves. What a person is doing is never drawn away.

import { agenda } from "./agenda.js";
import { post, say } from "./decide.js";
import { calendar, keys } from "./gantt.js";
import { follow } from "./live.js";
import { movable } from "./move.js";
import { asPlanned, edits, placeOf, sentence } from "./plan.js";
import { side } from "./side.js";
import { age } from "./time.js";
import { t } from "./words.js";

const WEIGH_MS = 120;
const panel = document.getElementById("panel");
const state = { plan: null, draft: new Map(), selected: null, lifted: null, verdict: null, problem: "", may: false, priceOpen: false };
let weighing = 0, timer = null, busy = false, waiting = false;

function read() {
  const data = document.getElementById("plan-data");
  const plan = data ? JSON.parse(data.textContent) : null;
  if (state.plan && plan && plan.id !== state.plan.id && state.draft.size) say(t("A newer plan has come. Your edits are kept and weighed against it."));
  state.plan = plan;
  state.may = Boolean(plan?.tryable);
  if (!plan) return;
  const known = new Map(plan.bookings.map((b) => [b.request, b]));
  for (const [request, place] of state.draft) if (!known.has(request) || asPlanned(known.get(request), place)) state.draft.delete(request);
  if (!known.has(state.selected)) state.selected = null;
}

function draw() {
  if (!state.plan) return;
  const box = document.getElementById("gantt"), active = document.activeElement;
  const focused = active?.dataset?.request && document.getElementById("panel").contains(active) ? [active.dataset.request, active.dataset.bar] : null;
  calendar(box, state);
  keys(document.getElementById("surgeons"), state.plan);
  agenda(document.getElementById("list"), state);
  side(document.getElementById("side"), state, acts);
  const bars = [...box.querySelectorAll("button[data-bar]")];
  const here = bars.find((b) => b.dataset.request === state.selected) ?? bars[0];
  if (here) here.tabIndex = 0;
  if (focused) focusOn(...focused);
  const changed = state.draft.size > 0;
  for (const id of ["approve", "reject"]) {
    const button = document.getElementById(id);
    if (button) { button.disabled = changed; button.title = changed ? t("Save or discard your edits first") : ""; }
  }
}

function focusOn(request, kind) {
  const same = [...panel.querySelectorAll(`[data-request="${CSS.escape(request)}"]`)];
  const to = same.find((e) => e.dataset.bar === kind) ?? same[0];
  if (to) { to.tabIndex = 0; to.focus({ preventScroll: true }); }
}

/** Ask what the edits break and cost, soon and once; an older answer never replaces a newer one. */
function weigh(extra = null) {
  clearTimeout(timer);
  const tried = new Map(state.draft);
  if (extra) tried.set(...extra);
  if (!tried.size) { weighing++; state.verdict = null; state.problem = ""; draw(); return; }
  timer = setTimeout(async () => {
    const turn = ++weighing;
    try {
      const verdict = await post(`/api/proposals/${encodeURIComponent(state.plan.id)}/evaluate`, { edits: edits(state.plan, tried) });
      if (turn !== weighing) return;
      state.verdict = verdict;
      state.problem = "";
      // Who was not planned is given a theatre and a room; the draft takes them over.
      for (const [request, place] of Object.entries(verdict.places)) if (state.draft.has(request)) state.draft.set(request, place);
    } catch (error) {
      if (turn !== weighing) return;
      state.verdict = null;
      state.problem = error.message;
    }
    if (busy) side(document.getElementById("side"), Object.assign(Object.create(state), { draft: tried }), acts);
    else draw();
    announceVerdict();
  }, WEIGH_MS);
}

function announceVerdict() {
  const line = document.getElementById("verdict")?.textContent, hard = Object.values(state.verdict?.against ?? {}).flat().filter((h) => h.cost === null);
  // The price must not swallow what it follows at once: a live region speaks only what stands there last.
  const moved = state.lifted ? `${sentence(state.plan, booking(state.selected), placeOf(booking(state.selected), state.draft))}. ` : state.put ? `${putDown(state.put)}. ` : "";
  state.put = null;
  if (line) announce(`${moved}${line}. ${hard.map((h) => h.text).join(". ")}`);
}

function putDown(request) { return t("Put down. %(what)s", { what: sentence(state.plan, booking(request), placeOf(booking(request), state.draft)) }); }

function announce(text) { document.getElementById("announce").textContent = text; }

const booking = (request) => state.plan.bookings.find((b) => b.request === request);

function put(request, place) {
  if (asPlanned(booking(request), place)) state.draft.delete(request);
  else state.draft.set(request, place);
  state.selected = request;
  draw();
  weigh();
}

const acts = {
  move: put,
  close() { state.selected = null; draw(); },
  back(request) { state.draft.delete(request); draw(); weigh(); announce(t("%(who)s is back where it was.", { who: booking(request).label })); },
  discard() { state.draft.clear(); draw(); weigh(); },
  async ask(request) {
    const edit = edits(state.plan, new Map([[request, state.draft.get(request)]]))[0];
    try {
      await post(`/api/proposals/${encodeURIComponent(state.plan.id)}/questions`, { edit });
      say(t("Asked. The planner's answer appears under “Why not?”."));
    } catch (error) { say(t("Not asked: %(why)s", { why: error.message }), true); }
  },
  async save() {
    try {
      await post(`/api/proposals/${encodeURIComponent(state.plan.id)}/decisions`, { decision: "edit", why: document.getElementById("why").value, edits: edits(state.plan, state.draft) });
      state.draft.clear();
      state.verdict = null;
      say(t("Saved. The planner repairs the plan around your edits."));
      draw();
    } catch (error) { say(t("Not saved: %(why)s", { why: error.message }), true); }
  },
};

const moves = {
  select(request) { state.selected = state.selected === request ? null : request; draw(); focusOn(request); },
  lift(request) { busy = true; state.selected = request; },
  over(request, place) {
    const key = JSON.stringify([request, place]);
    if (moves.last === key) return;
    moves.last = key;
    weigh([request, place]);
  },
  drop(request, place, kind) {
    busy = false;
    moves.last = null;
    put(request, place);
    if (kind) { focusOn(request, kind); announce(sentence(state.plan, booking(request), place)); }
  },
  back() { busy = false; moves.last = null; draw(); weigh(); },
  lifted(request, kind, place) {
    Object.assign(state, { selected: request, lifted: kind, put: null });
    draw();
    focusOn(request, kind);
    announce(t("Moving %(what)s. Arrows move it, Enter puts it down, Escape puts it back.", { what: sentence(state.plan, booking(request), place) }));
  },
  put(request) { Object.assign(state, { lifted: null, put: request }); draw(); announce(putDown(request)); },
  restore(request, before) { state.lifted = null; if (before) put(request, before); else acts.back(request); },
};

async function redraw() {
  const answer = await fetch("/schedule/now");
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const focused = document.activeElement?.id, view = panel.querySelector("input[name=view]:checked")?.value;
  const [before, why] = [document.activeElement?.dataset ?? {}, document.getElementById("why")?.value ?? ""];
  panel.replaceChildren(...fresh.body.childNodes);
  age(panel);
  begin(view);
  if (document.getElementById("why")) document.getElementById("why").value = why;
  if (before.request) focusOn(before.request, before.bar);
  else if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
}

/** At most once a second, and never under a booking that is being moved or an open dialog. */
function soon() {
  if (waiting) return;
  waiting = true;
  setTimeout(async () => {
    waiting = false;
    if (busy || state.lifted || document.querySelector("dialog[open]")) soon();
    else await redraw();
  }, 1000);
}

function begin(view) {
  read();
  if (!state.plan) return;
  const wanted = view ?? (matchMedia("(max-width: 640px)").matches ? "list" : "calendar");
  panel.querySelector(`input[name=view][value=${wanted}]`).checked = true;
  draw();
  if (state.draft.size) weigh();
}

panel.addEventListener("click", (event) => {
  const line = event.target.closest("[data-request]"), wanted = event.target.closest("[data-select]");
  if (line) moves.select(line.dataset.request);
  if (wanted && booking(wanted.dataset.select)) {
    state.selected = wanted.dataset.select;
    draw();
    const bar = panel.querySelector(`[data-request="${CSS.escape(state.selected)}"]`);
    bar?.scrollIntoView({ block: "center", behavior: "instant" });
  }
});

movable(panel, () => state, moves);
begin();
follow("schedule", { changed: soon, back: soon });
