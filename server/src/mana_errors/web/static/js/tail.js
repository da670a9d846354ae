// Events as they come, the newest on top; paused, they wait.
import { all, element, word } from "./page.js";
import { both, local } from "./times.js";

// More is no tail any longer; older ones are on the list of events.
const MAX_ROWS = 200;

/** @typedef {{ id: string, at: string, app: string, severity: string, type: string, message: string,
 *   environment: string, user: string }} Told */

/** Listen, on the page of the live tail. */
export function watchTail() {
  const table = document.querySelector("[data-tail]");
  if (!(table instanceof HTMLElement)) return;
  const body = /** @type {HTMLElement} */ (table.querySelector("tbody"));
  const pause = /** @type {HTMLElement} */ (document.querySelector("[data-pause]"));
  /** @type {Told[]} */
  let waiting = [];
  /** ids of what was shown: a stream that is opened again repeats the last ones. @type {Set<string>} */
  const known = new Set();
  const paused = () => pause.getAttribute("aria-pressed") === "true";

  const show = () => {
    body.prepend(...waiting.reverse().map(row));
    waiting = [];
    for (const late of [...body.children].slice(MAX_ROWS)) late.remove();
    for (const empty of all("[data-tail-empty]")) empty.hidden = body.children.length > 0;
  };
  pause.addEventListener("click", () => {
    pause.setAttribute("aria-pressed", String(!paused()));
    pause.textContent = (paused() ? pause.dataset.paused : pause.dataset.running) ?? "";
    if (!paused()) show();
  });
  new EventSource(table.dataset.tail ?? "").addEventListener("message", ({ data }) => {
    /** @type {Told} */
    const told = JSON.parse(data);
    if (known.has(told.id)) return;
    known.add(told.id);
    waiting = [...waiting, told].slice(-MAX_ROWS);
    if (!paused()) show();
    else pause.textContent = `${pause.dataset.paused} (${waiting.length})`;
  });
}

/** @param {Told} told */
function row(told) {
  const made = document.createElement("tr");
  made.dataset.row = told.id;
  const time = new Date(told.at);
  const link = document.createElement("a");
  link.href = `/events/${told.id}`;
  link.textContent = local(time);
  link.title = both(time);
  const severity = element("span", word(`severity_${told.severity}`));
  severity.className = `severity severity-${told.severity}`;
  const message = element("td", `${told.type}: ${told.message}`);
  message.className = "cut";
  const first = element("td", "");
  first.append(link);
  const second = element("td", "");
  second.append(severity);
  made.append(first, second, element("td", told.app), message, element("td", told.environment), element("td", told.user));
  return made;
}
