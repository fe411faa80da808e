// The calendar of a plan: theatres (a day's operations from top to bottom, as long as they take) and rooms (stays over nights).

import { dayAt, lanes, make, nameIn, operations, placeOf, sentence, short, weekend } from "./plan.js";
import { weekday } from "./time.js";
import { t } from "./words.js";

const PX_PER_MINUTE = 0.32, LANE = 23, LEAST = 17, UNUSED = 44;

/** Draw the plan into a box; `state` is { plan, draft, selected, verdict }. Every bar is a button with its request. */
export function calendar(box, state) {
  const { plan } = state;
  const grid = make("div", "gantt");
  grid.append(heading(t("Theatres"), plan), ...plan.theatres.map((theatre) => theatreRow(theatre, state)));
  grid.append(heading(t("Rooms"), plan), ...plan.rooms.map((room) => roomRow(room, state)));
  box.replaceChildren(grid);
}

function heading(text, plan) {
  const row = make("div", "gantt-row gantt-days", make("span", "gantt-name", text));
  for (let day = 0; day < plan.days; day++) {
    row.append(make("span", weekend(plan, day) ? "off" : "", make("i", "", weekday(dayAt(plan, day))), make("i", "", String(new Date(dayAt(plan, day)).getUTCDate()))));
  }
  row.style.setProperty("--days", plan.days);
  return row;
}

function theatreRow(theatre, state) {
  const { plan, draft } = state;
  const row = make("div", "gantt-row theatre-row", make("span", "gantt-name", theatre.name));
  const days = [...Array(plan.days).keys()].map((day) => operations(plan, draft, theatre.id, day));
  const used = days.map((there) => there.reduce((sum, b) => sum + b.minutes, 0));
  const high = (booking) => Math.max(LEAST, booking.minutes * PX_PER_MINUTE), idle = used.every((minutes) => minutes === 0);
  const stacked = Math.max(...days.map((there) => there.reduce((sum, b) => sum + high(b), 2)));
  const full = idle ? UNUSED : Math.round(Math.max(stacked, PX_PER_MINUTE * Math.max(240, ...theatre.minutes)));
  days.forEach((there, day) => {
    const open = theatre.minutes[day], over = open !== undefined && used[day] > open ? used[day] - open : 0;
    const cell = make("div", `cell${weekend(plan, day) ? " off" : ""}${open === 0 ? " closed" : ""}${over ? " over" : ""}`);
    Object.assign(cell.dataset, { day, theatre: theatre.id });
    cell.style.height = `${full}px`;
    if (open) {
      const room = make("span", "open");
      room.style.height = `${Math.min(full, Math.round(open * PX_PER_MINUTE))}px`;
      cell.append(room);
    }
    if (open === 0 && !weekend(plan, day)) cell.append(make("small", "shut", t("closed")));
    let top = 0;
    for (const booking of there) {
      const height = high(booking);
      const bar = button("op", booking, state, short(booking.label), height > 29 ? `${booking.minutes}′ ${initials(nameIn(plan.surgeons, booking.surgeon))}` : "");
      bar.classList.add(`g${plan.surgeons.findIndex((s) => s.id === booking.surgeon) % 8}`);
      bar.style.top = `${Math.round(top)}px`;
      bar.style.height = `${Math.round(height) - 1}px`;
      top += height;
      cell.append(bar);
    }
    if (over) cell.append(make("b", "too-long", t("+%(n)s min", { n: over })));
    row.append(cell);
  });
  row.style.setProperty("--days", plan.days);
  return row;
}

function roomRow(room, state) {
  const { plan } = state;
  const stays = lanes(plan, state.draft, room.id);
  const count = Math.max(room.beds ?? 1, 1, ...stays.map((s) => s.lane + 1));
  const row = make("div", "gantt-row room-row", make("span", "gantt-name", room.name, make("small", "", room.beds === null ? "" : room.beds === 1 ? t("1 bed") : t("%(n)s beds", { n: room.beds }))));
  for (let day = 0; day < plan.days; day++) {
    const cell = make("div", `cell${weekend(plan, day) ? " off" : ""}`);
    Object.assign(cell.dataset, { day, room: room.id });
    cell.style.height = `${count * LANE + 3}px`;
    row.append(cell);
  }
  const bars = make("div", "stays");
  for (const { stay, from, nights, lane, fixed } of stays) {
    const text = `${stay.sex ? `${t(stay.sex)} ` : ""}${short(stay.label)}`;
    const bar = fixed ? make("span", "stay fixed", text) : button("stay", stay, state, text, "");
    bar.classList.add({ F: "female", M: "male" }[stay.sex] ?? "other", `age${stay.age_tier}`);
    if (room.beds !== null && lane >= room.beds) bar.classList.add("bad");
    if (fixed) bar.dataset.label = t("in bed");
    if (fixed) bar.title = t("%(who)s, in bed now, %(n)s more nights, %(age)s", { who: stay.label, n: stay.nights, age: stay.age_group });
    bar.style.left = `calc(${(100 * from) / plan.days}% + 2px)`;
    bar.style.width = `calc(${(100 * nights) / plan.days}% - 4px)`;
    bar.style.top = `${lane * LANE + 2}px`;
    bars.append(bar);
  }
  row.append(bars);
  row.style.setProperty("--days", plan.days);
  return row;
}

function button(css, booking, state, text, small) {
  const place = placeOf(booking, state.draft), against = state.verdict?.against?.[booking.request] ?? [];
  const edited = state.draft.has(booking.request), bad = edited && against.some((h) => h.cost === null);
  const bar = make("button", css, bad ? make("b", "", "! ") : "", make("span", "", text), small ? make("small", "", small) : "");
  bar.type = "button";
  Object.assign(bar.dataset, { request: booking.request, bar: css });
  bar.classList.toggle("edited", edited);
  bar.classList.toggle("moved", booking.moved);
  bar.classList.toggle("bad", bad);
  bar.classList.toggle("chosen", state.selected === booking.request);
  bar.classList.toggle("lifted", state.selected === booking.request && state.lifted === css);
  bar.setAttribute("aria-pressed", state.selected === booking.request);
  bar.setAttribute("aria-label", `${sentence(state.plan, booking, place)}${edited ? `, ${t("edited")}` : ""}${bad ? `, ${t("breaks a rule")}` : ""}`);
  bar.title = `${booking.label}\n${nameIn(state.plan.surgeons, booking.surgeon)}, ${booking.minutes} ${t("min")}\n${booking.reason}`;
  bar.tabIndex = -1;
  return bar;
}

const initials = (name) => name.replace(/^Dr /, "");

/** The surgeons with the colours of their operations, and what marks a stay. */
export function keys(box, plan) {
  const surgeons = plan.surgeons.map((s, i) => make("span", `swatch g${i % 8}`, s.name));
  const ages = [t("60 to 79"), t("80 and over")].map((words, i) => make("span", `swatch other age${i + 1}`, words));
  box.replaceChildren(...surgeons, make("span", "swatch female", t("F woman")), make("span", "swatch male", t("M man")), ...ages);
}
