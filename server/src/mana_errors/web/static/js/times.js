// Times in the reader's own zone, with UTC beside; ages that keep up.
import { all, word } from "./page.js";

const language = document.documentElement.lang;
// Sweden writes 2026-11-22 10:41:51, as the server does in UTC: nothing moves when it is replaced.
const absolute = new Intl.DateTimeFormat("sv-SE", { dateStyle: "short", timeStyle: "medium" });
const named = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "long" });
const REFRESH_MS = 30_000;

/** How long ago, in the server's words (web/words): nothing moves when one replaces the other.
 *  @param {Date} time */
export function ago(time) {
  const minutes = Math.floor((Date.now() - time.getTime()) / 60_000);
  if (minutes < 1) return word("now");
  if (minutes < 60) return word("minutes", minutes);
  if (minutes < 1440) return word("hours_ago", Math.floor(minutes / 60));
  const days = Math.floor(minutes / 1440);
  return days === 1 ? word("yesterday") : word("days_ago", days);
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
    // of a moment, the text before its zone
    (element.firstChild ?? element).textContent = "ago" in element.dataset ? ago(time) : local(time);
  }
}

/** Keep them right. */
export function watchTimes() {
  // until somebody chose another one
  for (const field of all("input[data-zone]")) {
    /** @type {HTMLInputElement} */ (field).value = Intl.DateTimeFormat().resolvedOptions().timeZone;
  }
  showTimes();
  setInterval(() => document.hidden || showTimes(), REFRESH_MS);
}
