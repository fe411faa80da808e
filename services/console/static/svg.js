// The few words of SVG that the charts speak.

const NS = "http://www.w3.org/2000/svg";

/** An SVG element with attributes and children. */
export function svg(name, attributes = {}, ...children) {
  const node = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

/** A path through points; it breaks where more than `gap` ms lie between two of them. */
export function line(points, x, y, gap = Infinity) {
  let path = "", before = -Infinity;
  for (const { at, value } of points) {
    path += `${at - before > gap ? "M" : "L"}${x(at).toFixed(1)} ${y(value).toFixed(1)}`;
    before = at;
  }
  return path;
}

/** Steps: a value holds until the next. */
export function steps(points, x, y, end) {
  if (points.length === 0) return "";
  let path = `M${x(points[0].at).toFixed(1)} ${y(points[0].value).toFixed(1)}`;
  for (const { at, value } of points.slice(1)) path += `H${x(at).toFixed(1)}V${y(value).toFixed(1)}`;
  return `${path}H${x(end).toFixed(1)}`;
}

/** Round values between two ends, about `count` of them. */
export function ticks(low, high, count) {
  const raw = (high - low) / count;
  const unit = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((m) => m * unit).find((s) => s >= raw);
  const found = [];
  for (let v = Math.ceil(low / step) * step; v <= high + 1e-9; v += step) found.push(Number(v.toFixed(6)));
  return found;
}
