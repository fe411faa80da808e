// Decisions: acknowledge and done at once, the others with a reason. Also asking why, the theme, and short messages.

import { t } from "./words.js";

const REASONS = {
  snooze: [t("Being treated"), t("With the doctor now"), t("Expected after procedure")],
  wrong: [t("Measurement error"), t("Normal for this patient"), t("Known and treated")],
  resolve: [t("Seen, no longer a concern")],
  "not appropriate": [t("Done already"), t("Contraindicated"), t("Not in the patient's interest"), t("Another cause is known")],
  reject: [t("Bed not suitable"), t("Bed kept for another patient"), t("Patient not ready")],
  override: [t("No pneumonia"), t("Pneumonia"), t("The films cannot be read")],
  plan: [t("Surgeon not available"), t("Instruments not available"), t("Patient not fit for surgery"), t("Too many changes at once")],
};
const TITLES = {
  snooze: t("Keep this alert quiet"),
  wrong: t("This alert is wrong"),
  resolve: t("Close this alert"),
  "not appropriate": t("This advice is not appropriate"),
  reject: t("Reject this proposal"),
  override: t("What do the films show?"),
};
const DONE = {
  acknowledge: t("Acknowledged. The team can see that you have it."),
  snooze: t("Snoozed."),
  wrong: t("Marked as wrong. Thank you: the models learn from it."),
  resolve: t("Closed."),
  done: t("Recorded as done."),
  "not appropriate": t("Recorded as not appropriate."),
  "taken back": t("Taken back."),
  finalise: t("The report is final in your name."),
  override: t("Your reading is the final report."),
  approve: t("Approved."),
  reject: t("Rejected."),
  undo: t("Taken back. The planner makes a new proposal."),
  edit: t("Saved. The planner repairs the plan around your edits."),
};

/** Say something for a few seconds. */
export function say(text, bad = false) {
  const toast = document.getElementById("toast");
  toast.textContent = text;
  toast.classList.toggle("bad", bad);
  toast.hidden = false;
  clearTimeout(say.timer);
  say.timer = setTimeout(() => { toast.hidden = true; }, bad ? 10000 : 4000);
}

/** Ask the server for a change, with the proof that one of our pages asks; throws what it answered. */
export async function post(path, body) {
  const answer = await fetch(path, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      "X-Wardwatch-Proof": document.querySelector("meta[name=proof]").content,
    },
    body: JSON.stringify(body),
  });
  if (!answer.ok) {
    const problem = await answer.json().catch(() => ({}));
    throw new Error(problem.error ?? problem.detail?.[0]?.msg ?? t("the server answered %(status)s", { status: answer.status }));
  }
  return answer.json();
}

async function explain(button) {
  button.disabled = true;
  try {
    await post(`/api/patients/${document.body.dataset.patient}/explanations`, {});
    say(t("Asked. The reasons appear here."));
  } catch (error) {
    button.disabled = false;
    say(t("Not asked: %(why)s", { why: error.message }), true);
  }
}

async function send(button, body) {
  const { alert, proposal, advice, finding } = button.dataset;
  let path = `/api/proposals/${proposal}/decisions`;
  if (alert) path = `/api/alerts/${alert}/decisions`;
  if (finding) path = `/api/findings/${finding}/reading`;
  if (advice) path = `/api/patients/${document.body.dataset.patient}/advice/${advice}/decisions`;
  button.disabled = true;
  try {
    await post(path, body);
    say(DONE[body.decision]);
  } catch (error) {
    button.disabled = false;
    say(t("Not sent: %(why)s", { why: error.message }), true);
  }
}

function ask(button) {
  const { decide, about, reasons } = button.dataset;
  const dialog = document.getElementById("reason");
  const why = document.getElementById("reason-why");
  document.getElementById("reason-title").textContent = TITLES[decide];
  document.getElementById("reason-about").textContent = about ?? "";
  document.getElementById("reason-hours-label").hidden = decide !== "snooze";
  why.value = "";
  const choices = REASONS[reasons ?? decide].map((text) => {
    const choice = document.createElement("button");
    choice.type = "button";
    choice.textContent = text;
    choice.addEventListener("click", () => { why.value = text; why.focus(); });
    return choice;
  });
  document.getElementById("reason-choices").replaceChildren(...choices);
  dialog.returnValue = "";
  dialog.showModal();
  dialog.addEventListener("close", () => {
    if (dialog.returnValue !== "ok") return;
    const body = { decision: decide, why: why.value };
    if (decide === "snooze") body.hours = Number(document.getElementById("reason-hours").value);
    send(button, body);
  }, { once: true });
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-decide]");
  if (button) {
    const { decide } = button.dataset;
    if (decide in REASONS) ask(button);
    else send(button, { decision: decide });
  }
  const wanted = event.target.closest("[data-explain]");
  if (wanted) explain(wanted);
  if (event.target.closest("[data-theme-switch]")) {
    const root = document.documentElement;
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    localStorage.setItem("theme", root.dataset.theme);
  }
  const menu = document.querySelector("details.who[open]");
  if (menu && !menu.contains(event.target)) menu.open = false;
});
