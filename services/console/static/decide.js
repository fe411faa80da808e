// Decisions: acknowledge and done at once, the others with a reason. Also asking why, the theme, and short messages.

const REASONS = {
  snooze: ["Being treated", "With the doctor now", "Expected after procedure"],
  wrong: ["Measurement error", "Normal for this patient", "Known and treated"],
  resolve: ["Seen, no longer a concern"],
  "not appropriate": ["Done already", "Contraindicated", "Not in the patient's interest", "Another cause is known"],
  reject: ["Bed not suitable", "Bed kept for another patient", "Patient not ready"],
  plan: ["Surgeon not available", "Instruments not available", "Patient not fit for surgery", "Too many changes at once"],
};
const TITLES = {
  snooze: "Keep this alert quiet",
  wrong: "This alert is wrong",
  resolve: "Close this alert",
  "not appropriate": "This advice is not appropriate",
  reject: "Reject this proposal",
};
const DONE = {
  acknowledge: "Acknowledged. The team can see that you have it.",
  snooze: "Snoozed.",
  wrong: "Marked as wrong. Thank you: the models learn from it.",
  resolve: "Closed.",
  done: "Recorded as done.",
  "not appropriate": "Recorded as not appropriate.",
  "taken back": "Taken back.",
  approve: "Approved.",
  reject: "Rejected.",
  undo: "Taken back. The planner makes a new proposal.",
  edit: "Saved. The planner repairs the plan around your edits.",
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
    throw new Error(problem.error ?? problem.detail?.[0]?.msg ?? `the server answered ${answer.status}`);
  }
  return answer.json();
}

async function explain(button) {
  button.disabled = true;
  try {
    await post(`/api/patients/${document.body.dataset.patient}/explanations`, {});
    say("Asked. The reasons appear here.");
  } catch (error) {
    button.disabled = false;
    say(`Not asked: ${error.message}`, true);
  }
}

async function send(button, body) {
  const { alert, proposal, advice } = button.dataset;
  let path = `/api/proposals/${proposal}/decisions`;
  if (alert) path = `/api/alerts/${alert}/decisions`;
  if (advice) path = `/api/patients/${document.body.dataset.patient}/advice/${advice}/decisions`;
  button.disabled = true;
  try {
    await post(path, body);
    say(DONE[body.decision]);
  } catch (error) {
    button.disabled = false;
    say(`Not sent: ${error.message}`, true);
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
