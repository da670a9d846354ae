// Completion of searches: names of fields, then their values.

// More cannot be seen at once.
const MAX_SHOWN = 8;

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
  const show = () => {
    const found = offers(fields, wordAt(input).text);
    chosen = -1;
    list.replaceChildren(...found.map((offer, index) => {
      const made = document.createElement("li");
      made.textContent = offer;
      made.id = `offer-${index}`;
      made.setAttribute("role", "option");
      made.addEventListener("mousedown", (event) => { event.preventDefault(); take(offer); });
      return made;
    }));
    list.hidden = found.length === 0;
    input.setAttribute("aria-expanded", String(found.length > 0));
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
    else if ((event.key === "Enter" || event.key === "Tab") && chosen >= 0) take(list.children[chosen]?.textContent ?? "");
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
}

/** The word in which one types. @param {HTMLInputElement} input */
function wordAt(input) {
  const at = input.selectionStart ?? input.value.length;
  const start = input.value.lastIndexOf(" ", at - 1) + 1;
  const next = input.value.indexOf(" ", at);
  const end = next < 0 ? input.value.length : next;
  return { start, end, text: input.value.slice(start, at) };
}

/** What may stand in the place of a word. @param {[string, string[]][]} fields @param {string} text */
function offers(fields, text) {
  const negated = text.startsWith("!") ? "!" : "";
  const word = text.slice(negated.length).toLowerCase();
  const colon = word.indexOf(":");
  if (word === "") return [];
  const found = colon < 0
    ? fields.map(([name]) => `${name}:`)
    : fields.filter(([name]) => name === word.slice(0, colon))
      .flatMap(([name, values]) => values.map((value) => `${name}:${/\s/.test(value) ? JSON.stringify(value) : value} `));
  const fitting = [...new Set(found)].filter((offer) => offer.toLowerCase().startsWith(word));
  return fitting.map((offer) => negated + offer).slice(0, MAX_SHOWN);
}
