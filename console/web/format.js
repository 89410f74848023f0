// Numbers and moments as people of the site read them.

import { language, t } from "./text.js";

let zone = "UTC";
let formats = {};

export function setZone(name) {
  zone = name;
  const parts = { timeZone: name, hourCycle: "h23", hour: "2-digit", minute: "2-digit", second: "2-digit" };
  const day = { timeZone: name, year: "numeric", month: "2-digit", day: "2-digit" };
  formats = { time: new Intl.DateTimeFormat("sv-SE", parts), day: new Intl.DateTimeFormat("sv-SE", day) };
}

export const zoneName = () => zone;
export const timeText = (ms) => formats.time.format(ms);
export const dayText = (ms) => formats.day.format(ms);
export const hourText = (ms) => `${dayText(ms).slice(5)} ${timeText(ms).slice(0, 5)}`;
export const weekdayText = (ms) =>
  new Intl.DateTimeFormat(language() === "zh" ? "zh-CN" : "en-GB", { timeZone: zone, weekday: "short" }).format(ms);

// The time alone for today, month and day with it for this year, all of it otherwise.
export function momentText(ms, now) {
  const day = dayText(ms);
  const today = dayText(now);
  if (day === today) return timeText(ms);
  return `${day.slice(0, 4) === today.slice(0, 4) ? day.slice(5) : day} ${timeText(ms)}`;
}

// What an input of type datetime-local holds, in the site's time zone.
export const localInput = (ms) => `${dayText(ms)}T${timeText(ms).slice(0, 5)}`;

export function fromLocalInput(text) {
  const wanted = Date.parse(`${text}:00Z`);
  let guess = wanted;
  for (let turn = 0; turn < 2; turn += 1) guess += wanted - Date.parse(`${dayText(guess)}T${timeText(guess)}Z`); // again where the clocks change
  return guess;
}

export function ageText(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return t("secs", { n: seconds });
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return t("mins", { n: minutes });
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return t("hours", { n: hours, m: minutes % 60 });
  return t("days", { n: Math.floor(hours / 24), m: hours % 24 });
}

export function decimals(resolution) {
  if (!(resolution > 0)) return 2;
  return Math.min(6, Math.max(0, Math.ceil(-Math.log10(resolution) - 1e-9)));
}

export function valueText(value, resolution) {
  return value === null || value === undefined ? "—" : value.toFixed(decimals(resolution));
}

export const countText = (n) => (n === null || n === undefined ? "—" : n.toLocaleString("en-US"));
export const rateText = (n) => (n < 10 ? n.toFixed(1) : countText(Math.round(n)));

const SIZES = ["B", "KB", "MB", "GB", "TB"];

export function bytesText(bytes) {
  if (bytes === null || bytes === undefined) return "—";
  let [figure, unit] = [bytes, 0];
  while (figure >= 1024 && unit < SIZES.length - 1) [figure, unit] = [figure / 1024, unit + 1];
  return `${unit === 0 || figure >= 100 ? Math.round(figure) : figure.toFixed(1)} ${SIZES[unit]}`;
}
