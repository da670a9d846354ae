// Buttons that copy: the text of an element, or of another page.
import { say, word } from "./page.js";

/** Copy on every click on something that offers it. */
export function watchCopying() {
  document.addEventListener("click", (event) => {
    const from = event.target instanceof Element ? event.target.closest("[data-copy], [data-copy-from]") : null;
    if (!(from instanceof HTMLElement) || event.ctrlKey || event.metaKey) return;
    // Browsers give the clipboard to pages of https and of this machine alone; a link still opens.
    if (!navigator.clipboard) {
      if ("copy" in from.dataset) say(word("not_copied"));
      return;
    }
    event.preventDefault();
    void copy(from);
  });
}

/** @param {HTMLElement} from */
async function copy(from) {
  try {
    await navigator.clipboard.writeText(await textOf(from));
    say(word("copied"));
  } catch {
    say(word("not_copied"));
  }
}

/** @param {HTMLElement} from */
async function textOf(from) {
  if (from instanceof HTMLAnchorElement) return (await fetch(from.href)).text();
  return document.getElementById(from.dataset.copy ?? "")?.textContent ?? "";
}
