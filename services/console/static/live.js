// The live line to the server. A screen must never die silently: without a beat for a few seconds it says so.

import { age, clock, present, tell } from "./time.js";
import { t } from "./words.js";

const SILENT_MS = 6000; // three beats
const OLD_DATA_S = 120;

let lastBeat = performance.now();
let beat = null;
let lost = false;

/** Follow a page's events: `on` maps an event's name to what to do with its data. */
export function follow(page, on) {
  const since = document.body.dataset.since;
  const source = new EventSource(`/events?page=${encodeURIComponent(page)}&since=${encodeURIComponent(since ?? "")}`);
  source.addEventListener("beat", (event) => {
    beat = JSON.parse(event.data);
    lastBeat = performance.now();
    tell(beat.now);
    if (lost) on.back?.();
    lost = false;
    show();
  });
  for (const [name, act] of Object.entries(on)) {
    if (name !== "back") source.addEventListener(name, (event) => act(JSON.parse(event.data)));
  }
  source.addEventListener("error", show);
  setInterval(show, 1000);
  show();
}

function show() {
  const link = document.getElementById("link");
  const text = document.getElementById("link-text");
  const stale = document.getElementById("stale");
  const silent = performance.now() - lastBeat > SILENT_MS;
  let state = "live", words = t("Live"), banner = "";
  if (silent) {
    lost = true;
    state = "lost";
    words = t("Reconnecting");
    banner = t("Connection lost. This page shows %(at)s and is not being updated. Trying again.", { at: clock(present()) });
  } else if (beat === null) {
    [state, words] = ["starting", t("Connecting")];
  } else if (beat.state === "waiting for the log" || beat.state === "stopped") {
    [state, words] = ["lost", t("No data source")];
    banner = t("The event log does not answer. This page shows %(at)s and is not being updated.", { at: clock(present()) });
  } else if (beat.state === "catching up" || beat.state === "starting") {
    [state, words] = ["late", t("Catching up, %(n)s behind", { n: beat.behind.toLocaleString("en-GB") })];
  } else if (beat.heard_s === null) {
    words = t("Live, no data yet");
  } else if (beat.heard_s > OLD_DATA_S) {
    [state, words] = ["late", t("No new data for %(n)s min", { n: Math.floor(beat.heard_s / 60) })];
    banner = t("Nothing new has arrived for %(n)s minutes. Check the patients, and tell whoever runs Wardwatch.", { n: Math.floor(beat.heard_s / 60) });
  } else {
    words = `${t("Live")} · ${beat.heard_s < 2 ? t("now") : `${Math.round(beat.heard_s)} ${t("s")}`}`;
  }
  link.dataset.state = state;
  if (text.textContent !== words) text.textContent = words;
  if (stale.textContent !== banner) stale.textContent = banner;
  stale.hidden = banner === "";
  document.body.classList.toggle("not-live", banner !== "");
  const wall = document.getElementById("clock");
  wall.textContent = clock(present());
  age();
}
