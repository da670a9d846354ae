// The keyboard: rows, actions, ways.
import { all, isField } from "./page.js";

// How long a first key, as in "g i", waits for its second.
const SEQUENCE_MS = 1200;
let first = "";
let firstAt = 0;

/** Listen to keys that go into no field. */
export function watchKeys() {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (isField(event.target)) {
      if (event.key === "Escape") /** @type {HTMLElement} */ (event.target).blur();
      return;
    }
    if (press(event.key)) event.preventDefault();
  });
  for (const chooser of all("[data-all]")) {
    chooser.addEventListener("change", () => {
      for (const box of all("[data-rows] tbody input[type=checkbox]")) {
        /** @type {HTMLInputElement} */ (box).checked = /** @type {HTMLInputElement} */ (chooser).checked;
      }
    });
  }
  for (const opener of all("[data-open]")) {
    opener.addEventListener("click", () => open(opener.dataset.open ?? ""));
  }
}

/** What a key does; false: nothing. @param {string} key */
function press(key) {
  const keys = Date.now() - firstAt < SEQUENCE_MS ? `${first} ${key}` : key;
  firstAt = 0;
  const way = all("[data-keys]").find((link) => link.dataset.keys === keys);
  if (way) return click(way);
  if (all("[data-keys]").some((link) => link.dataset.keys?.startsWith(`${key} `))) {
    first = key;
    firstAt = Date.now();
    return true;
  }
  return doAction(key);
}

/** @param {string} key */
function doAction(key) {
  if (key === "?") return open("help");
  if (key === "/") return focus("[data-search]");
  if (key === "j" || key === "ArrowDown") return move(1, key);
  if (key === "k" || key === "ArrowUp") return move(-1, key);
  const row = document.querySelector("[data-row].here");
  if (key === "Enter" || key === "o") return click(row?.querySelector("a"));
  if (key === "x") return click(row?.querySelector("input[type=checkbox]"));
  return act(key, row);
}

/** Press the button of an action; in a list, for the marked row where none is selected.
 *  @param {string} key @param {Element | null} row */
function act(key, row) {
  const offered = all(`[data-key="${CSS.escape(key)}"]`);
  const bulk = offered.find((target) => target.closest("#bulk"));
  if (bulk && !document.querySelector("[data-rows] input:checked")) {
    if (!click(row?.querySelector("input[type=checkbox]"))) return false;
  }
  return click(bulk ?? offered.find((target) => target.checkVisibility({ visibilityProperty: true })));
}

/** @param {Element | null | undefined} target */
function click(target) {
  if (!(target instanceof HTMLElement)) return false;
  target.click();
  // Of a menu: the next Tab leads into it.
  if (target.matches("summary")) target.focus();
  return true;
}

/** @param {string} selector */
function focus(selector) {
  const target = document.querySelector(selector);
  if (!(target instanceof HTMLInputElement)) return false;
  target.focus();
  target.select();
  return true;
}

/** @param {string} id */
function open(id) {
  const dialog = document.getElementById(id);
  if (!(dialog instanceof HTMLDialogElement)) return false;
  dialog.showModal();
  return true;
}

/** Mark the next row; arrows only once one is marked: before, they scroll.
 *  @param {number} by @param {string} key */
function move(by, key) {
  const rows = all("[data-rows] [data-row]").filter((row) => !row.hidden);
  const at = rows.findIndex((row) => row.classList.contains("here"));
  if (rows.length === 0 || (at < 0 && key.startsWith("Arrow"))) return false;
  const next = at < 0 ? 0 : Math.max(0, Math.min(rows.length - 1, at + by));
  rows[at]?.classList.remove("here");
  rows[next]?.classList.add("here");
  rows[next]?.scrollIntoView({ block: "nearest" });
  rows[next]?.querySelector("a")?.focus({ preventScroll: true });
  return true;
}
