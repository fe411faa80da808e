// The plan as a list by day: what a phone shows, and what is quickest to hear.

import { dayName, make, nameIn, nights, placeOf, short } from "./plan.js";
import { t } from "./words.js";

/** Draw the list into a box; `state` as for the calendar. */
export function agenda(box, state) {
  const { plan, draft } = state;
  const days = [...Array(plan.days).keys()].map((day) => [dayName(plan, day), plan.bookings.filter((b) => placeOf(b, draft).day === day)]);
  box.replaceChildren(...days.filter(([, there]) => there.length).map(([name, there]) => {
    there.sort((a, b) => (placeOf(a, draft).theatre ?? "").localeCompare(placeOf(b, draft).theatre ?? "") || (a.start ?? "").localeCompare(b.start ?? ""));
    return make("section", "agenda-day", make("h3", "", name), make("ul", "", ...there.map((b) => line(b, state))));
  }));
}

/** Those that are left for later, as buttons. */
export function left(plan, draft, state) {
  return plan.bookings.filter((b) => placeOf(b, draft).day === null).map((b) => line(b, state));
}

function line(booking, state) {
  const { plan, draft, selected } = state;
  const place = placeOf(booking, draft);
  const where = place.day === null ? `${nameIn(plan.surgeons, booking.surgeon)} · ${booking.minutes} ${t("min")} · ${nights(booking.nights)}`
    : `${nameIn(plan.theatres, place.theatre)} · ${nameIn(plan.surgeons, booking.surgeon)} · ${booking.minutes} ${t("min")} · ${nameIn(plan.rooms, place.room)}`;
  const told = make("button", "agenda-line", make("b", "", `${booking.label}${booking.sex ? ` (${booking.sex})` : ""}`), make("span", "", where));
  if (draft.has(booking.request)) told.append(make("em", "", t("edited")));
  else if (booking.moved) told.append(make("em", "", t("changed")));
  if (place.day === null && booking.mandatory) told.append(make("em", "due", t("must be planned")));
  told.type = "button";
  told.dataset.request = booking.request;
  told.setAttribute("aria-pressed", selected === booking.request);
  told.setAttribute("aria-label", `${short(booking.label)}: ${told.textContent}`);
  const item = make("li", "", told);
  return item;
}
