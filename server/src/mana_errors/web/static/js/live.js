// A list that stays true while one reads it: numbers change in place, new rows wait to be asked for.
import { all, element, load, word } from "./page.js";
import { showTimes } from "./times.js";

// Quiet for a server with many readers, soon enough for one who waits.
const EVERY_MS = 10_000;
// Who has just reported their first error looks for it.
const FIRST_MS = 2_000;

/** Keep the page's list up to date, while it is seen and nothing in it is selected. */
export function watchList() {
  const list = document.querySelector("[data-live]");
  if (!list) return watchForFirst();
  setInterval(async () => {
    if (document.hidden || list.querySelector("input:checked")) return;
    const page = await load(location.href);
    const fresh = page?.querySelector("[data-live]");
    if (fresh) update(list, fresh);
  }, EVERY_MS);
}

/** The page of a server without an issue shows the first one. */
function watchForFirst() {
  if (location.pathname !== "/" || !document.querySelector(".empty")) return;
  setInterval(async () => {
    if (document.hidden) return;
    const page = await load(location.href);
    if (page?.querySelector("[data-live]")) location.reload();
  }, FIRST_MS);
}

/** @param {Element} list @param {Element} fresh */
export function update(list, fresh) {
  const known = new Map(all("[data-row]", list).map((row) => [row.dataset.row, row]));
  let more = 0;
  for (const row of all("[data-row]", fresh)) {
    const old = known.get(row.dataset.row);
    if (old) replace(old, row);
    else more += 1;
  }
  offer(list, more);
}

/** Cells that say something else; what has the focus stays. @param {HTMLElement} old @param {HTMLElement} row */
function replace(old, row) {
  const cells = [...old.children];
  showTimes(row);
  [...row.children].forEach((cell, index) => {
    const before = cells[index];
    if (before && before.textContent !== cell.textContent && !before.contains(document.activeElement)) {
      before.replaceWith(document.adoptNode(cell));
    }
  });
}

/** @param {Element} list @param {number} more */
function offer(list, more) {
  document.querySelector(".fresh")?.remove();
  if (more === 0) return;
  const button = element("button", word("new_issues", more));
  button.className = "quiet fresh";
  button.addEventListener("click", () => location.reload());
  (list.closest(".scroll") ?? list).before(button);
}
