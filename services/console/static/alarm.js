// Red: a short tone for each new unanswered red alert, once; how many there are in the title and on the app's badge.

import { say } from "./decide.js";

const SWITCH = "sound", HEARD = "heard";
const MOST_HEARD = 500;
const NOTES_HZ = [880, 660, 880]; // three short tones, falling and rising: told from pumps and monitors
const NOTE_S = 0.16;

const button = document.querySelector("[data-sound]");
const announce = document.getElementById("announce");
const title = document.title;
let audio = null; // browsers give sound only after a press, so a page that was just opened is silent until then
let first = true;

/** Ids of alerts that were told on this screen, whichever page told them. */
const heard = () => new Set(JSON.parse(localStorage.getItem(HEARD) ?? "[]"));
const on = () => localStorage.getItem(SWITCH) === "on";

function unlock() {
  audio ??= new AudioContext();
  if (audio.state === "suspended") audio.resume();
}

/** Three notes from an oscillator, with soft edges. */
function tone() {
  if (audio === null || audio.state !== "running") return;
  NOTES_HZ.forEach((hz, i) => {
    const begin = audio.currentTime + i * NOTE_S, note = audio.createOscillator(), level = audio.createGain();
    note.frequency.value = hz;
    level.gain.setValueAtTime(0.0001, begin);
    level.gain.exponentialRampToValueAtTime(0.4, begin + 0.02);
    level.gain.exponentialRampToValueAtTime(0.0001, begin + NOTE_S);
    note.connect(level).connect(audio.destination);
    note.start(begin);
    note.stop(begin + NOTE_S);
  });
}

function show() {
  button.setAttribute("aria-pressed", String(on()));
  button.textContent = on() ? button.dataset.on : button.dataset.off;
}

/** The red alerts that nobody has taken: [{id, text}]. What stood when the page was opened is counted, not sounded. */
export function red(alerts) {
  const known = heard(), fresh = alerts.filter((alert) => !known.has(alert.id));
  document.title = alerts.length > 0 ? `(${alerts.length}) ${title}` : title;
  if (alerts.length > 0) navigator.setAppBadge?.(alerts.length).catch(() => {});
  else navigator.clearAppBadge?.().catch(() => {});
  if (fresh.length > 0) {
    localStorage.setItem(HEARD, JSON.stringify([...known, ...fresh.map((alert) => alert.id)].slice(-MOST_HEARD)));
    if (!first) {
      announce.textContent = fresh.map((alert) => alert.text).join(". ");
      if (on()) tone();
    }
  }
  first = false;
}

if (button) {
  show();
  button.addEventListener("click", () => {
    localStorage.setItem(SWITCH, on() ? "off" : "on");
    show();
    if (!on()) return;
    unlock();
    tone();
    say(button.dataset.said);
  });
  if (on()) document.addEventListener("pointerdown", unlock, { once: true });
  if (on()) document.addEventListener("keydown", unlock, { once: true });
}
