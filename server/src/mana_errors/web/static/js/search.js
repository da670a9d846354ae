// Completion of searches: names of fields, then their values.
import { known, offers } from "./offers.js";
import { all, element } from "./page.js";

// How long nothing is typed before the server is asked.
const PAUSE_MS = 150;

/** @typedef {import("./offers.js").Offer} Offer */

/** Offer what may follow, below the search box. */
export function watchSearch() {
  const input = document.querySelector("input[data-fields]");
  if (!(input instanceof HTMLInputElement)) return;
  /** @type {[string, string[]][]} */
  const fields = JSON.parse(input.dataset.fields ?? "[]");
  const list = document.createElement("ul");
  list.className = "offers";
  list.id = "offers";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", input.placeholder);
  list.hidden = true;
  input.after(list);
  for (const [name, value] of Object.entries({
    role: "combobox", "aria-expanded": "false", "aria-controls": "offers", "aria-autocomplete": "list",
  })) input.setAttribute(name, value);
  let chosen = -1;
  let pause = 0;

  const close = () => { list.hidden = true; input.setAttribute("aria-expanded", "false"); input.removeAttribute("aria-activedescendant"); };
  /** @param {string} offer */
  const take = (offer) => {
    const { start, end } = wordAt(input);
    const whole = input.value.slice(0, start) + offer + input.value.slice(end);
    input.value = whole;
    input.setSelectionRange(start + offer.length, start + offer.length);
    input.focus();
    show();
  };
  /** @param {Offer[]} found */
  const fill = (found) => {
    chosen = -1;
    list.replaceChildren(...found.map((offer, index) => item(offer, index, take)));
    list.hidden = found.length === 0;
    input.setAttribute("aria-expanded", String(found.length > 0));
    input.removeAttribute("aria-activedescendant");
  };
  const show = () => {
    const { text } = wordAt(input);
    fill(offers(fields, text));
    clearTimeout(pause);
    pause = setTimeout(async () => {
      const found = await known(fields, text);
      if (wordAt(input).text === text && document.activeElement === input && found.length > 0) fill(found);
    }, PAUSE_MS);
  };
  /** @param {number} by */
  const mark = (by) => {
    const options = [...list.children];
    chosen = (chosen + by + options.length) % options.length;
    options.forEach((option, index) => option.setAttribute("aria-selected", String(index === chosen)));
    input.setAttribute("aria-activedescendant", `offer-${chosen}`);
  };

  input.addEventListener("input", show);
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    if (list.hidden) return;
    if (event.key === "ArrowDown") mark(1);
    else if (event.key === "ArrowUp") mark(-1);
    else if ((event.key === "Enter" || event.key === "Tab") && chosen >= 0) take(all("li", list)[chosen]?.dataset.offer ?? "");
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
}

/** @param {Offer} offer @param {number} index @param {(text: string) => void} take */
function item(offer, index, take) {
  const made = element("li", offer.text);
  made.id = `offer-${index}`;
  made.dataset.offer = offer.text;
  made.setAttribute("role", "option");
  if (offer.count) made.append(element("small", String(offer.count)));
  made.addEventListener("mousedown", (event) => { event.preventDefault(); take(offer.text); });
  return made;
}

/** The word in which one types. @param {HTMLInputElement} input */
function wordAt(input) {
  const at = input.selectionStart ?? input.value.length;
  const start = input.value.lastIndexOf(" ", at - 1) + 1;
  const next = input.value.indexOf(" ", at);
  const end = next < 0 ? input.value.length : next;
  return { start, end, text: input.value.slice(start, at) };
}
