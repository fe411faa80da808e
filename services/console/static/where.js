// Where can this patient go now: asks the server with the page's proof and lists the beds, best first.

import { post } from "./decide.js";
import { t } from "./words.js";

const dialog = document.getElementById("where");
const part = (name) => document.getElementById(`where-${name}`);

async function find(wanted) {
  part("who").textContent = t("Looking …");
  part("found").replaceChildren();
  part("blocked").replaceChildren();
  try {
    const answer = await post("/api/places", wanted);
    const count = answer.choices.length;
    part("who").textContent = t("For %(who)s: %(found)s.", { who: answer.who, found: count === 0 ? t("no bed fits now") : count === 1 ? t("one bed fits") : t("%(n)s beds fit, best first", { n: count }) });
    part("found").replaceChildren(...answer.choices.map(choice));
    part("blocked").replaceChildren(...answer.blocked.map((text) => item(text)));
  } catch (error) {
    part("who").textContent = t("Not found out: %(why)s", { why: error.message });
  }
}

function choice({ bed, ward, reasons, moves }) {
  const line = item("");
  const name = document.createElement("b");
  name.className = "bed";
  name.textContent = bed;
  line.append(name, ` ${ward}`);
  if (moves) line.append(Object.assign(document.createElement("span"), { className: "limit", textContent: t("needs a move") }));
  line.append(Object.assign(document.createElement("p"), { className: "note", textContent: reasons.join("; ") }));
  return line;
}

const item = (text) => Object.assign(document.createElement("li"), { textContent: text });

document.addEventListener("click", (event) => {
  const asked = event.target.closest("[data-where]");
  if (event.target.closest("[data-close]")) dialog.close();
  if (!asked || !dialog) return;
  const { where } = asked.dataset;
  part("form").hidden = where !== "";
  for (const name of ["found", "blocked"]) part(name).replaceChildren();
  part("who").textContent = "";
  dialog.showModal();
  if (where) find({ request: where });
});

part("form")?.addEventListener("submit", (event) => {
  event.preventDefault();
  find({ sex: part("sex").value, specialty: part("specialty").value, isolation: part("isolation").checked });
});
