// Pages whose parts the server draws again when something changed: beds, alarm quality and system.

import "./decide.js";
import { fans } from "./fan.js";
import { follow } from "./live.js";
import { age } from "./time.js";
import "./where.js";

const { page } = document.body.dataset;
const panel = document.getElementById("panel");
let waiting = false;

async function draw() {
  const answer = await fetch(`/${page}/now${location.search}`);
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const focused = document.activeElement?.id;
  panel.replaceChildren(...fresh.body.childNodes);
  age(panel);
  fans(panel);
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
}

/** At most once in two seconds, however many facts arrive, and never under an open dialog. */
function soon() {
  if (waiting) return;
  waiting = true;
  setTimeout(async () => {
    waiting = false;
    if (document.querySelector("dialog[open]")) soon();
    else await draw();
  }, 2000);
}

if (panel) {
  fans(panel);
  follow(page, { changed: soon, back: soon });
  if (page === "system") setInterval(soon, 3000);
}
