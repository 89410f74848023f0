// The trend of the last minutes as a small line, with its slope in words.

import { h } from "./dom.js";
import { t } from "./text.js";

const SVG = "http://www.w3.org/2000/svg";
const [WIDTH, HEIGHT, MARGIN] = [92, 26, 3];
const STILL = 1e-9;

function shape(tag, attributes) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}

function slopeText({ slope_per_min: slope }, unit) {
  if (slope === null) return "";
  const size = Math.abs(slope);
  if (size < STILL) return t("steady");
  const figure = size >= 100 ? Math.round(size) : Number(size.toPrecision(2));
  return `${slope > 0 ? "↑" : "↓"}${figure} ${t("perMinute", { unit })}`;
}

export function spark(trend, unit) {
  const known = (trend?.values ?? []).map((value, i) => [i, value]).filter(([, value]) => value !== null);
  if (known.length < 2) return null;
  const values = known.map(([, value]) => value);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const x = (i) => MARGIN + (i / (trend.values.length - 1)) * (WIDTH - 2 * MARGIN);
  const y = (value) => (high === low ? HEIGHT / 2 : HEIGHT - MARGIN - ((value - low) / (high - low)) * (HEIGHT - 2 * MARGIN));
  const last = known.at(-1);
  const picture = shape("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, width: WIDTH, height: HEIGHT, "aria-hidden": "true" });
  picture.append(
    shape("polyline", { points: known.map(([i, value]) => `${x(i).toFixed(1)},${y(value).toFixed(1)}`).join(" "), fill: "none", stroke: "currentColor", "stroke-width": 1.6 }),
    shape("circle", { cx: x(last[0]), cy: y(last[1]), r: 2.4, fill: "currentColor" }));
  const minutes = Math.round(((trend.values.length - 1) * trend.step_s) / 60);
  return h("span", { class: "spark", title: t("trendHint", { n: minutes }) }, picture, h("small", {}, slopeText(trend, unit)));
}
