// Moving a booking: by mouse, by finger (what is selected can be dragged) and by keyboard. Says only where it should go.

import { placeOf } from "./plan.js";

const NEAR = 4; // px: less is a click

/** Let bars in `box` be moved. `state()` gives { plan, draft, selected, may }; `on` has select, over, drop, back, lift. */
export function movable(box, state, on) {
  let held = null;

  box.addEventListener("pointerdown", (event) => {
    const bar = event.target.closest("[data-bar]");
    if (!bar || event.button !== 0 || !state().may) return;
    if (event.pointerType === "touch" && state().selected !== bar.dataset.request) return;
    const from = bar.closest("[data-day]") ?? under(event);
    held = { bar, x: event.clientX, y: event.clientY, moved: false, grabbed: bar.dataset.bar === "stay" ? dayUnder(event) - placeFor(bar).day : 0, from };
  });

  addEventListener("pointermove", (event) => {
    if (held === null) return;
    const [dx, dy] = [event.clientX - held.x, event.clientY - held.y];
    if (!held.moved && Math.hypot(dx, dy) < NEAR) return;
    if (!held.moved) {
      held.moved = true;
      held.bar.classList.add("dragged");
      document.body.classList.add("dragging");
      on.lift(held.bar.dataset.request);
    }
    held.bar.style.translate = `${dx}px ${dy}px`;
    const place = target(event);
    if (place !== null) on.over(held.bar.dataset.request, place);
  });

  addEventListener("pointerup", (event) => {
    if (held === null) return;
    const { bar, moved } = held, place = moved ? target(event) : null;
    release();
    if (moved) {
      swallowClick();
      if (place === null) on.back(bar.dataset.request);
      else on.drop(bar.dataset.request, place);
    }
  });
  addEventListener("pointercancel", () => { if (held) { const { bar } = held; release(); on.back(bar.dataset.request); } });
  addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || held === null) return;
    const { request } = held.bar.dataset;
    release();
    on.back(request);
  });

  function release() {
    held.bar.style.translate = "";
    held.bar.classList.remove("dragged");
    document.body.classList.remove("dragging");
    for (const cell of box.querySelectorAll(".aim")) cell.classList.remove("aim");
    held = null;
  }

  function swallowClick() {
    const stop = (event) => { event.stopPropagation(); event.preventDefault(); };
    addEventListener("click", stop, { capture: true, once: true });
    setTimeout(() => removeEventListener("click", stop, { capture: true }), 0);
  }

  function placeFor(bar) {
    const { plan, draft } = state();
    return placeOf(plan.bookings.find((b) => b.request === bar.dataset.request), draft);
  }

  function under(event) {
    return document.elementsFromPoint(event.clientX, event.clientY).map((e) => e.closest("[data-day]")).find((cell) => cell && box.contains(cell)) ?? null;
  }

  const dayUnder = (event) => Number(under(event)?.dataset.day ?? 0);

  /** Where the pointer says the booking should go; null outside the calendar. */
  function target(event) {
    const cell = under(event);
    for (const other of box.querySelectorAll(".aim")) other.classList.remove("aim");
    if (cell === null) return null;
    const now = placeFor(held.bar), { plan } = state();
    const day = Math.min(plan.days - 1, Math.max(0, Number(cell.dataset.day) - held.grabbed));
    cell.classList.add("aim");
    if (held.bar.dataset.bar === "op") return cell.dataset.theatre ? { ...now, day, theatre: cell.dataset.theatre } : null;
    return cell.dataset.room ? { ...now, day, room: cell.dataset.room } : null;
  }

  keyboard(box, state, on);
}

/** Arrows go from bar to bar; after Enter they move the booking, until Enter puts it down or Escape puts it back. */
function keyboard(box, state, on) {
  let lifted = null; // { request, kind, before }

  const bars = () => [...box.querySelectorAll("button[data-bar]")];

  box.addEventListener("focusout", (event) => {
    if (lifted && event.relatedTarget && !event.relatedTarget.closest("[data-bar]")) { on.put(lifted.request); lifted = null; }
  });

  box.addEventListener("keydown", (event) => {
    const bar = event.target.closest("button[data-bar]");
    if (!bar) return;
    const { request, bar: kind } = bar.dataset;
    if (lifted !== null) {
      if (event.key === "Escape") { event.preventDefault(); on.restore(lifted.request, lifted.before); lifted = null; return; }
      if (event.key === "Enter" || event.key === " ") { event.preventDefault(); on.put(request); lifted = null; return; }
      const next = stepped(event.key, kind, request);
      if (next) { event.preventDefault(); on.drop(request, next, kind); }
      return;
    }
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      on.select(request);
      if (!state().may) return;
      const { plan, draft } = state();
      lifted = { request, kind, before: draft.get(request) ?? null };
      on.lifted(request, kind, placeOf(plan.bookings.find((b) => b.request === request), draft));
      return;
    }
    const step = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
    if (!step && event.key !== "Home" && event.key !== "End") return;
    event.preventDefault();
    const all = bars(), i = all.indexOf(bar);
    const to = event.key === "Home" ? all[0] : event.key === "End" ? all.at(-1) : all[i + step];
    if (to) { bar.tabIndex = -1; to.tabIndex = 0; to.focus(); }
  });

  function stepped(key, kind, request) {
    const { plan, draft } = state();
    const now = placeOf(plan.bookings.find((b) => b.request === request), draft);
    const days = { ArrowLeft: -1, ArrowRight: 1 }[key] ?? 0, rows = { ArrowUp: -1, ArrowDown: 1 }[key] ?? 0;
    if (!days && !rows) return null;
    const [list, field] = kind === "op" ? [plan.theatres, "theatre"] : [plan.rooms, "room"];
    const row = list.findIndex((item) => item.id === now[field]);
    const to = { ...now, day: Math.min(plan.days - 1, Math.max(0, now.day + days)) };
    to[field] = list[Math.min(list.length - 1, Math.max(0, row + rows))].id;
    return to;
  }
}
