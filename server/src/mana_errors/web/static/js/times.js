// Times in the reader's own zone, with UTC beside; ages that keep up.
import { all } from "./page.js";

const language = document.documentElement.lang;
const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto", style: "short" });
// Sweden writes 2026-11-22 10:41:51, as the server does in UTC: nothing moves when it is replaced.
const absolute = new Intl.DateTimeFormat("sv-SE", { dateStyle: "short", timeStyle: "medium" });
const named = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "long" });
/** Seconds of a unit, the largest first. @type {[Intl.RelativeTimeFormatUnit, number][]} */
const units = [["day", 86_400], ["hour", 3_600], ["minute", 60]];
const REFRESH_MS = 30_000;

/** How long ago, as the server says it. @param {Date} time */
export function ago(time) {
  const seconds = (Date.now() - time.getTime()) / 1000;
  for (const [unit, length] of units) {
    if (Math.abs(seconds) >= length) return relative.format(-Math.floor(seconds / length), unit);
  }
  return relative.format(0, "second");
}

/** The reader's time and UTC. @param {Date} time */
export function both(time) {
  return `${named.format(time)}\n${time.toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

/** The reader's time. @param {Date} time */
export function local(time) {
  return absolute.format(time);
}

/** Write the reader's time into all times below. @param {ParentNode} [root] */
export function showTimes(root = document) {
  for (const element of all("time[data-ago], time[data-moment]", root)) {
    const time = new Date(element.getAttribute("datetime") ?? "");
    if (Number.isNaN(time.getTime())) continue;
    element.title = both(time);
    element.textContent = "ago" in element.dataset ? ago(time) : local(time);
  }
}

/** Keep them right. */
export function watchTimes() {
  showTimes();
  setInterval(() => document.hidden || showTimes(), REFRESH_MS);
}
