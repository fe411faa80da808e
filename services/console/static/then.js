// What did we know at 03:12? A field and a slider of minutes before now lead to the page as it was known then.

const form = document.getElementById("then");
const field = document.getElementById("then-at");
const slide = document.getElementById("then-slide");
const SETTLE_MS = 350;

/** The instant that the page is of, as in its address; null is now. */
export const at = () => new URLSearchParams(location.search).get("at");

const text = (instant) => new Date(instant).toISOString().slice(0, 16);

/** Call `show` with the chosen instant (null: now) when the hand or the arrow keys have settled. */
export function choose(show) {
  if (!form) return;
  let settle;
  const last = Math.floor(Date.parse(form.dataset.now) / 60000) * 60000;
  const slid = () => {
    field.value = text(last + Number(slide.value) * 60000);
    slide.setAttribute("aria-valuetext", field.value.replace("T", " "));
    clearTimeout(settle);
    settle = setTimeout(() => show(Number(slide.value) === 0 ? null : field.value), SETTLE_MS);
  };
  slide.addEventListener("input", slid);
  // Moved before this ran (the page waits for its charts): what the slider says is shown, not passed over.
  if (slide.value !== slide.defaultValue) slid();
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!field.value) return;
    slide.value = (Date.parse(`${field.value}Z`) - last) / 60000;
    show(field.value >= text(last) ? null : field.value);
  });
}

/** Another moment of the same page, by its address, so that it can be sent to someone and gone back from. */
export function go(instant) {
  const query = new URLSearchParams(location.search);
  if (instant === null) query.delete("at");
  else query.set("at", instant);
  location.search = query;
}
