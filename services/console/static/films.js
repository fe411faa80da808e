// Films: the heatmap lies over the film as a see-through layer. One that comes as a plain grey picture is coloured here.

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

/** Bring every film under a node to life. */
export function films(node) {
  for (const film of node.querySelectorAll(".film")) {
    const canvas = film.querySelector("canvas");
    const picture = film.querySelector("img");
    if (canvas === null) continue;
    const toggle = film.querySelector("[data-heat-toggle]");
    const strength = film.querySelector("[data-heat-strength]");
    const light = film.querySelector("[data-film-light]");
    const show = () => {
      canvas.hidden = !toggle.checked;
      strength.disabled = !toggle.checked;
      canvas.style.opacity = strength.value / 100;
      picture.style.filter = `brightness(${light.value}%)`;
    };
    for (const control of [toggle, strength, light]) control.addEventListener("input", show);
    show();
    overlay(canvas);
  }
}
