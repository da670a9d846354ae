// Ctrl-K: every page, every app, every action by its name.
import { all, element, word } from "./page.js";

// What one scrolls through before typing another letter.
const MAX_SHOWN = 40;

/** @typedef {{ name: string, kind: string, run: () => void }} Choice */

/** Open on Ctrl-K or Cmd-K, and answer keys. */
export function watchPalette() {
  const dialog = /** @type {HTMLDialogElement | null} */ (document.getElementById("palette"));
  if (!dialog) return;
  const input = /** @type {HTMLInputElement} */ (dialog.querySelector("input"));
  const list = /** @type {HTMLElement} */ (dialog.querySelector("ul"));
  /** @type {Choice[]} */
  let choices = [];
  let chosen = 0;

  const show = () => {
    const wanted = input.value.trim().toLowerCase();
    const fitting = rank(choices, wanted).slice(0, MAX_SHOWN);
    chosen = Math.max(0, Math.min(chosen, fitting.length - 1));
    list.replaceChildren(...fitting.map((choice, index) => item(choice, index, index === chosen)));
    if (fitting.length === 0) list.append(element("li", word("no_result")));
    input.setAttribute("aria-activedescendant", fitting.length ? `palette-${chosen}` : "");
  };
  const run = () => all("[role=option]", list)[chosen]?.click();

  // `toggle` would come a turn later, and take away what was typed meanwhile
  dialog.addEventListener("beforetoggle", async (event) => {
    if (event.newState !== "open") return;
    input.value = "";
    chosen = 0;
    choices = here();
    show();
    choices = [...choices, ...(await apps())];
    show();
  });
  input.addEventListener("input", () => { chosen = 0; show(); });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter") run();
    else if (event.key === "ArrowDown") chosen += 1;
    else if (event.key === "ArrowUp") chosen -= 1;
    else return;
    event.preventDefault();
    show();
  });
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    if (!dialog.open) dialog.showModal();
  });
}

/** @param {Choice} choice @param {number} index @param {boolean} selected */
function item(choice, index, selected) {
  const made = element("li", choice.name);
  made.id = `palette-${index}`;
  made.setAttribute("role", "option");
  made.setAttribute("aria-selected", String(selected));
  made.append(element("small", choice.kind));
  made.addEventListener("click", choice.run);
  return made;
}

/** Those whose letters stand in the name in this order; beginnings first.
 *  @param {Choice[]} choices @param {string} wanted */
function rank(choices, wanted) {
  const scored = choices.map((choice) => ({ choice, at: score(choice.name.toLowerCase(), wanted) }));
  return scored.filter(({ at }) => at >= 0).sort((a, b) => a.at - b.at).map(({ choice }) => choice);
}

/** How late the letters are found; -1: they are not. @param {string} name @param {string} wanted */
function score(name, wanted) {
  const whole = name.indexOf(wanted);
  if (whole >= 0) return whole;
  let at = -1;
  for (const letter of wanted) {
    at = name.indexOf(letter, at + 1);
    if (at < 0) return -1;
  }
  return name.length + at;
}

/** What this page offers: its actions, then all ways. @returns {Choice[]} */
function here() {
  const actions = all("[data-key]").map((target) => choice(target, () => target.click()));
  const ways = all("[data-way]").map((link) => choice(link, () => link.click()));
  return [...actions, ...ways];
}

/** @param {HTMLElement} target @param {() => void} run @returns {Choice} */
function choice(target, run) {
  return { name: target.textContent?.trim() ?? "", kind: target.dataset.keys ?? target.dataset.key ?? "", run };
}

/** @returns {Promise<Choice[]>} */
async function apps() {
  try {
    const { items } = await (await fetch("/api/v1/apps")).json();
    return items.map((/** @type {{ id: string, name: string }} */ app) => ({
      name: app.name || app.id,
      kind: "App",
      run: () => location.assign(`/?app=${encodeURIComponent(app.id)}`),
    }));
  } catch {
    // without a database there are pages to go to all the same
    return [];
  }
}
