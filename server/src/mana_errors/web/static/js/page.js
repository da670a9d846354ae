// What several scripts need: words, elements, other pages.

const words = JSON.parse(document.body.dataset.words ?? "{}");

/** A text of the page's language, with its gap filled. @param {string} name @param {unknown} [value] */
export function word(name, value) {
  return (words[name] ?? name).replace("{}", String(value));
}

/** All elements that match. @param {string} selector @param {ParentNode} [root] */
export function all(selector, root = document) {
  return /** @type {HTMLElement[]} */ ([...root.querySelectorAll(selector)]);
}

/** An element with text: never markup. @param {string} tag @param {string} text */
export function element(tag, text) {
  const made = document.createElement(tag);
  made.textContent = text;
  return made;
}

/** Whether what is typed goes into a field. @param {EventTarget | null} target */
export function isField(target) {
  return target instanceof HTMLElement && target.matches("input:not([type=checkbox]), select, textarea, [contenteditable]");
}

/** Say something for a moment. @param {string} text */
export function say(text) {
  const toast = element("p", text);
  toast.className = "toast";
  toast.setAttribute("role", "status");
  document.body.append(toast);
  setTimeout(() => toast.remove(), 2500);
}

/** Another page, parsed and inert; null if it cannot be had. XMLHttpRequest, because it parses without
 *  making markup of strings, which the page's policy forbids. @param {string} path
 *  @returns {Promise<Document | null>} */
export function load(path) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.responseType = "document";
    request.open("GET", path);
    request.onload = () => resolve(request.status === 200 ? request.responseXML : null);
    request.onerror = () => resolve(null);
    request.send();
  });
}
