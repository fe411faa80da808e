// Films: zoom, window, and the heatmap as a see-through layer. One that comes as a plain grey picture is coloured here.

// From nothing over amber to magenta: light and hue change together, readable without colour vision.
const RAMP = [[255, 200, 60], [250, 120, 40], [210, 30, 110]];

async function overlay(canvas) {
  const answer = await fetch(canvas.dataset.heatmap);
  if (!answer.ok) { canvas.remove(); return; }
  const grey = await createImageBitmap(await answer.blob());
  [canvas.width, canvas.height] = [grey.width, grey.height];
  const context = canvas.getContext("2d");
  context.drawImage(grey, 0, 0);
  const pixels = context.getImageData(0, 0, grey.width, grey.height);
  const seeThrough = pixels.data.some((value, i) => i % 4 === 3 && value < 255);
  for (let i = 0; !seeThrough && i < pixels.data.length; i += 4) {
    const heat = pixels.data[i] / 255;
    const at = Math.min(heat, 0.999) * (RAMP.length - 1);
    const [from, to] = [RAMP[Math.floor(at)], RAMP[Math.ceil(at)]];
    for (let c = 0; c < 3; c += 1) pixels.data[i + c] = from[c] + (to[c] - from[c]) * (at % 1);
    pixels.data[i + 3] = 255 * Math.max(0, heat - 0.15) / 0.85;
  }
  context.putImageData(pixels, 0, 0);
  canvas.dataset.ready = "true";
}

const STEP = 1.5, MOST = 8, PAN = 0.15;

/** Zoom and movement of one film: by buttons, by keyboard (+ − 0 and arrows), by a drag, and by Ctrl and the wheel. */
function zoomable(film) {
  const view = film.querySelector("[data-film-view]"), plane = view.querySelector(".film-plane"), scale = film.querySelector("[data-film-scale]");
  let zoom = 1, x = 0, y = 0, held = null;
  const bound = (v) => Math.min(0, Math.max(1 - zoom, v)); // in widths of the film: it never leaves its frame
  function place(to = zoom, at = [0.5, 0.5]) {
    const next = Math.min(MOST, Math.max(1, to));
    [x, y] = [[x, at[0]], [y, at[1]]].map(([v, p]) => p - ((p - v) / zoom) * next);
    zoom = next;
    [x, y] = [bound(x), bound(y)];
    plane.style.transform = `translate(${x * 100}%, ${y * 100}%) scale(${zoom})`;
    scale.textContent = `${Math.round(zoom * 100)} %`;
    view.classList.toggle("zoomed", zoom > 1);
  }
  const move = (dx, dy) => { x += dx; y += dy; place(); };
  view.addEventListener("keydown", (event) => {
    const [dx, dy] = { ArrowLeft: [PAN, 0], ArrowRight: [-PAN, 0], ArrowUp: [0, PAN], ArrowDown: [0, -PAN] }[event.key] ?? [0, 0];
    if (dx || dy) { if (zoom === 1) return; move(dx, dy); }
    else if (event.key === "+" || event.key === "=") place(zoom * STEP);
    else if (event.key === "-") place(zoom / STEP);
    else if (event.key === "0") place(1);
    else return;
    event.preventDefault();
  });
  view.addEventListener("wheel", (event) => {
    if (!event.ctrlKey) return; // the page scrolls
    event.preventDefault();
    const box = view.getBoundingClientRect();
    place(event.deltaY < 0 ? zoom * STEP : zoom / STEP, [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height]);
  }, { passive: false });
  view.addEventListener("pointerdown", (event) => { if (zoom > 1) { held = [event.clientX, event.clientY]; view.setPointerCapture(event.pointerId); } });
  view.addEventListener("pointermove", (event) => {
    if (held === null) return;
    move((event.clientX - held[0]) / view.clientWidth, (event.clientY - held[1]) / view.clientHeight);
    held = [event.clientX, event.clientY];
  });
  for (const name of ["pointerup", "pointercancel"]) view.addEventListener(name, () => { held = null; });
  for (const button of film.querySelectorAll("[data-film-zoom]")) button.addEventListener("click", () => place(button.dataset.filmZoom === "1" ? zoom * STEP : zoom / STEP));
  return () => place(1);
}

/** Brightness is the middle of the grey window, contrast its width. */
function windowed(film, whole) {
  const picture = film.querySelector("img"), level = film.querySelector("[data-film-level]"), width = film.querySelector("[data-film-window]");
  const show = () => { picture.style.filter = `brightness(${level.value}%) contrast(${width.value}%)`; };
  for (const control of [level, width]) control.addEventListener("input", show);
  film.querySelector("[data-film-reset]").addEventListener("click", () => {
    level.value = width.value = 100;
    show();
    whole();
  });
}

/** Bring every film under a node to life. */
export function films(node) {
  for (const film of node.querySelectorAll(".film")) {
    if (film.querySelector("img") === null) continue;
    windowed(film, zoomable(film));
    const canvas = film.querySelector("canvas");
    if (canvas === null) continue;
    const toggle = film.querySelector("[data-heat-toggle]");
    const strength = film.querySelector("[data-heat-strength]");
    const show = () => {
      canvas.hidden = !toggle.checked;
      strength.disabled = !toggle.checked;
      canvas.style.opacity = strength.value / 100;
    };
    for (const control of [toggle, strength]) control.addEventListener("input", show);
    show();
    overlay(canvas);
  }
}
