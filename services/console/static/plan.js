// A theatre plan with edits that are tried out: where each booking is, lanes of rooms, words for days and places.

import { locale, t } from "./words.js";

/** Days of the plan as instants (UTC midnight). */
export const dayAt = (plan, day) => Date.parse(`${plan.begins}T00:00:00Z`) + day * 864e5;

/** Monday 16 Mar, or Mon 16. */
export function dayName(plan, day, long = true) {
  const told = long ? { weekday: "short", day: "numeric", month: "short" } : { weekday: "short", day: "numeric" };
  return new Date(dayAt(plan, day)).toLocaleDateString(locale, { ...told, timeZone: "UTC" });
}

/** The date of a day as the server writes it. */
export const dateOf = (plan, day) => new Date(dayAt(plan, day)).toISOString().slice(0, 10);

/** Whether a day is a Saturday or Sunday. */
export const weekend = (plan, day) => [0, 6].includes(new Date(dayAt(plan, day)).getUTCDay());

/** A family name, which is what a short bar has room for. */
export const short = (label) => label.split(",")[0];

/** Where a booking is: as edited, else as planned. */
export function placeOf(booking, draft) {
  return draft.get(booking.request) ?? { day: booking.day, theatre: booking.theatre, room: booking.room };
}

/** Whether an edit says what the plan says already. */
export function asPlanned(booking, place) {
  return place.day === booking.day && (place.day === null || (place.theatre === booking.theatre && place.room === booking.room));
}

/** Edits as the server takes them. */
export function edits(plan, draft) {
  return [...draft].map(([request, p]) => ({ request, ...(p.day === null ? {} : { day: dateOf(plan, p.day), theatre: p.theatre, room: p.room }) }));
}

/** Bookings of a theatre's day in the order of their start; what was moved there comes last. */
export function operations(plan, draft, theatre, day) {
  const there = plan.bookings.filter((b) => { const p = placeOf(b, draft); return p.day === day && p.theatre === theatre; });
  return there.sort((a, b) => draft.has(a.request) - draft.has(b.request) || (a.start ?? "").localeCompare(b.start ?? ""));
}

/** Stays of a room, each in a lane of its own for as long as it lasts: [{ stay, from, nights, lane }]. */
export function lanes(plan, draft, room) {
  const lying = plan.lying.filter((l) => l.room === room).map((l) => ({ stay: l, from: 0, nights: Math.min(l.nights, plan.days), fixed: true }));
  const booked = plan.bookings
    .map((b) => ({ stay: b, ...placeOf(b, draft) }))
    .filter((p) => p.day !== null && p.room === room)
    .map((p) => ({ stay: p.stay, from: p.day, nights: Math.min(p.stay.nights, plan.days - p.day), fixed: false }))
    .sort((a, b) => a.from - b.from || b.nights - a.nights);
  const ends = [];
  for (const one of [...lying, ...booked]) {
    const free = ends.findIndex((end) => end <= one.from);
    one.lane = free < 0 ? ends.length : free;
    ends[one.lane] = one.from + one.nights;
  }
  return [...lying, ...booked];
}

/** What an id of a list is called. */
export const nameIn = (list, id) => list.find((item) => item.id === id)?.name ?? id ?? "";

/** A booking and its place in one sentence, for those who hear the page. */
export function sentence(plan, booking, place) {
  const who = `${booking.label}, ${nameIn(plan.surgeons, booking.surgeon)}, ${t("%(n)s minutes", { n: booking.minutes })}, ${nights(booking.nights)}`;
  if (place.day === null) return `${who}: ${t("not in this plan")}`;
  return `${who}: ${dayName(plan, place.day)}, ${nameIn(plan.theatres, place.theatre)}, ${nameIn(plan.rooms, place.room)}`;
}

/** 1 night, 2 nights. */
export const nights = (count) => (count === 1 ? t("1 night") : t("%(n)s nights", { n: count }));

/** An element with a class, text and children. */
export function make(name, css = "", ...children) {
  const node = document.createElement(name);
  if (css) node.className = css;
  node.append(...children);
  return node;
}
