// Beside the calendar: the selected booking with its fields, the edits that are tried out and what they break and cost,
// and who is left for later.

import { left } from "./agenda.js";
import { dayName, make, nameIn, nights, placeOf, short } from "./plan.js";
import { locale, t } from "./words.js";

/** Draw all three parts; `on` has move, back, ask, save, discard. */
export function side(box, state, on) {
  const { plan, draft, selected } = state;
  const booking = plan.bookings.find((b) => b.request === selected);
  const parts = [];
  if (draft.size) parts.push(tried(state, on));
  if (booking) parts.push(about(booking, state, on));
  const waiting = left(plan, draft, state);
  parts.push(part(t("Left for later"), waiting.length, waiting.length ? make("ul", "left", ...waiting) : make("p", "nothing", t("Everyone who waits for surgery is planned."))));
  const why = box.querySelector("#why")?.value ?? "", focus = box.contains(document.activeElement) ? document.activeElement.id : "";
  box.replaceChildren(...parts);
  if (box.querySelector("#why")) box.querySelector("#why").value = why;
  if (focus) document.getElementById(focus)?.focus({ preventScroll: true });
}

function part(title, count, ...children) {
  return make("section", "card", make("h2", "", title, count === null ? "" : " ", count === null ? "" : make("span", "count", String(count))), ...children);
}

function about(booking, state, on) {
  const { plan, draft, may } = state, place = placeOf(booking, draft), edited = draft.has(booking.request);
  const box = part(booking.label, null);
  box.classList.add("about-booking");
  const close = action("×", () => on.close(), "close plain");
  close.setAttribute("aria-label", t("Close"));
  const facts = [
    `${nameIn(plan.surgeons, booking.surgeon)} · ${t("%(n)s minutes", { n: booking.minutes })} · ${nights(booking.nights)}`,
    [{ F: t("Woman"), M: t("Man") }[booking.sex] ?? booking.sex, booking.age_group].filter(Boolean).join(", "),
    limits(plan, booking),
    booking.reason,
  ];
  box.append(close, ...facts.filter(Boolean).map((fact, i) => make("p", i ? "note" : "", fact)));
  if (booking.pinned) box.append(make("p", "note", t("A person put it here: later plans keep it.")));
  const fields = make("div", "fields");
  const days = [...Array(plan.days).keys()].map((day) => [String(day), dayName(plan, day)]);
  const put = (change) => on.move(booking.request, { ...place, ...change });
  fields.append(
    select(t("Day"), "field-day", [["", t("not in this plan")], ...days], place.day === null ? "" : String(place.day), may, (v) => (v === "" ? on.move(booking.request, { day: null, theatre: null, room: null }) : put({ day: Number(v) }))),
    select(t("Theatre"), "field-theatre", [...(place.theatre ? [] : [["", "–"]]), ...plan.theatres.map((t) => [t.id, t.name])], place.theatre ?? "", may && place.day !== null, (v) => put({ theatre: v })),
    select(t("Room"), "field-room", [...(place.room ? [] : [["", "–"]]), ...plan.rooms.map((r) => [r.id, r.name])], place.room ?? "", may && place.day !== null, (v) => put({ room: v })),
  );
  box.append(fields);
  if (edited) box.append(...against(booking, state, on));
  return box;
}

function limits(plan, booking) {
  if (booking.earliest === null) return booking.mandatory ? t("must be planned") : "";
  const from = dayName(plan, booking.earliest);
  if (booking.latest !== null) return t("Must be planned, from %(from)s to %(to)s", { from, to: dayName(plan, booking.latest) });
  return t("Elective, from %(from)s", { from });
}

/** What stands against where the booking was put, and the question to the planner. */
function against(booking, state, on) {
  const { verdict, plan } = state, found = verdict?.against?.[booking.request], hard = found?.filter((h) => h.cost === null) ?? [];
  const box = make("div", "against");
  if (!found) box.append(make("p", "nothing", "…"));
  else if (!found.length) box.append(make("p", "stand good", t("Nothing stands against it.")));
  else box.append(make("ul", "", ...found.map((h) => make("li", h.cost === null ? "hard" : "soft", h.cost === null ? make("b", "", t("Not allowed: ")) : "", h.text))));
  const asked = plan.questions.find((q) => q.request === booking.request && !q.answered);
  const buttons = make("p", "buttons");
  buttons.append(action(t("Put back"), () => on.back(booking.request), "", "put-back"));
  const ask = action(asked ? t("Asked the planner …") : hard.length ? t("What would it take?") : t("What would it cost?"), () => on.ask(booking.request), "", "ask");
  ask.disabled = Boolean(asked);
  ask.title = t("Why not: the planner solves the plan again with this forced");
  buttons.append(ask);
  return [box, buttons];
}

function tried(state, on) {
  const { plan, draft, verdict, may, problem } = state;
  const box = part(t("Your edits"), draft.size);
  box.classList.add("tried");
  const status = make("p", "verdict");
  status.id = "verdict";
  status.setAttribute("role", "status");
  if (problem) status.append(make("span", "stand bad", t("Cannot be weighed")), ` ${problem}`);
  else if (!verdict) status.append(t("Weighing …"));
  else {
    const more = verdict.total - verdict.total_before;
    status.append(verdict.allowed ? make("span", "stand good", `✓ ${t("Allowed")}`) : make("span", "stand bad", `! ${t("Breaks rules")}`), " ",
      `${more === 0 ? t("costs the same") : more > 0 ? t("costs %(n)s more", { n: Math.abs(more).toLocaleString(locale) }) : t("costs %(n)s less", { n: Math.abs(more).toLocaleString(locale) })}${more === 0 ? "" : ` (${verdict.total_before.toLocaleString(locale)} → ${verdict.total.toLocaleString(locale)})`}`);
  }
  box.append(status);
  box.append(make("ul", "draft", ...[...draft].map(([request, place]) => {
    const booking = plan.bookings.find((b) => b.request === request);
    const back = action(t("Put back"), () => on.back(request), "plain");
    back.setAttribute("aria-label", t("Put %(who)s back", { who: booking.label }));
    return make("li", "", make("span", "", make("b", "", short(booking.label)), ` ${place.day === null ? t("not in this plan") : `${dayName(plan, place.day)}, ${nameIn(plan.theatres, place.theatre)}, ${nameIn(plan.rooms, place.room)}`}`), back);
  })));
  if (may) {
    const label = make("label", "", t("Why (for those who read it later)"));
    const why = make("input");
    Object.assign(why, { id: "why", type: "text", maxLength: 1000, autocomplete: "off" });
    label.append(why);
    const save = action(t("Save and repair"), on.save, "primary", "save"), open = plan.may.includes("edit");
    save.disabled = !open;
    box.append(label, make("p", "buttons", action(t("Discard"), on.discard, "", "discard"), save));
    if (!open) box.append(make("p", "note", plan.decision === "approve" ? t("This plan is approved. To save edits, take the approval back; they are kept for the new proposal.") : t("A new proposal is being made. Your edits are kept for it.")));
    else if (verdict && !verdict.allowed) box.append(make("p", "note", t("When saved, the planner keeps what you put where you put it and moves others until every rule holds, or says why none can.")));
  }
  if (verdict?.components.length) {
    const rows = verdict.components.map((c) => make("tr", c.hard ? "hard" : "", head(c.label), cell(c.before), cell(c.after), cell(signed(c.after - c.before))));
    const table = make("table", "components", make("thead", "", make("tr", "", head("", "col"), head(t("planned"), "col"), head(t("edited"), "col"), head("", "col"))), make("tbody", "", ...rows));
        const more = make("details", "", make("summary", "", t("What the edits change in the price")), table);
    more.open = state.priceOpen ?? false;
    more.addEventListener("toggle", () => { state.priceOpen = more.open; });
    box.append(more);
  }
  return box;
}

const signed = (n) => (n > 0 ? `+${n}` : n < 0 ? `−${-n}` : "0");
const cell = (text) => make("td", "r num", String(text));

function head(text, scope = "row") {
  const th = make("th", "", text);
  th.scope = scope;
  return th;
}

function action(text, act, css = "", id = "") {
  const button = make("button", css, text);
  button.type = "button";
  if (id) button.id = id;
  button.addEventListener("click", act);
  return button;
}

function select(text, id, options, value, enabled, changed) {
  const label = make("label", "", text), field = make("select");
  field.id = label.htmlFor = id;
  field.disabled = !enabled;
  field.append(...options.map(([v, name]) => new Option(name, v, false, v === value)));
  field.addEventListener("change", () => changed(field.value));
  return make("div", "field", label, field);
}

