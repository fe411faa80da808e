// Ages and the hospital's clock: every <time class="age"> is kept up to date. words.py says the same words.

import { locale, t } from "./words.js";

// Clinical now, as last told by the server: first in the page itself, whose ages must not jump when the script starts
let told = Date.parse(document.getElementById("clock")?.dateTime) || Date.now();
let heard = performance.now(); // when it was told

/** Take the server's clinical time. */
export function tell(instant) {
  told = Date.parse(instant);
  heard = performance.now();
}

/** The instant that the page is of: clinical now, or the moment of the past that is looked at. */
export function now() {
  const { at } = document.body.dataset;
  return at ? Date.parse(at) : present();
}

/** Clinical now. A told clock stands still between facts; the system's clock runs on. */
export function present() {
  return document.body.dataset.clock === "told" ? told : told + (performance.now() - heard);
}

/** An age in as few words as a glance takes. */
export function ago(then) {
  const minutes = Math.floor((now() - then) / 60000);
  if (minutes < 1) return t("now");
  if (minutes < 60) return `${minutes} ${t("min")}`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours} ${t("h")} ${String(minutes % 60).padStart(2, "0")}`;
  return `${Math.floor(hours / 24)} ${t("d")} ${hours % 24} ${t("h")}`;
}

/** Write every age under a node, and mark those that are too old. */
export function age(node = document) {
  for (const time of node.querySelectorAll("time.age")) {
    const then = Date.parse(time.dateTime);
    const words = ago(then);
    if (time.textContent !== words) time.textContent = words;
    const limit = Number(time.dataset.staleMin);
    time.classList.toggle("old", limit > 0 && now() - then > limit * 60000);
  }
}

/** Hours and minutes of an instant, as on the ward's wall (24 h). */
export function clock(instant) {
  return new Date(instant).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: "UTC" });
}

/** The day of an instant, in short. */
export function weekday(instant) {
  return new Date(instant).toLocaleDateString(locale, { weekday: "short", timeZone: "UTC" });
}
