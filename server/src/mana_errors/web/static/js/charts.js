// What the bar below the pointer says.
import { element, word } from "./page.js";
import { local } from "./times.js";

const number = new Intl.NumberFormat(document.documentElement.lang);

/** Show a tip beside the pointer, over every chart. */
export function watchCharts() {
  const tip = element("div", "");
  tip.className = "tip";
  tip.hidden = true;
  document.body.append(tip);
  document.addEventListener("pointermove", (event) => {
    const bar = event.target instanceof Element ? event.target.closest("[data-chart] g[data-at]") : null;
    tip.hidden = bar === null;
    if (!(bar instanceof SVGElement)) return;
    const time = new Date(bar.dataset.at ?? "");
    tip.textContent = `${local(time)}: ${word("events_at", number.format(Number(bar.dataset.count)))}`;
    const left = Math.min(event.clientX + 12, innerWidth - tip.offsetWidth - 8);
    tip.style.left = `${left}px`;
    tip.style.top = `${event.clientY - 34}px`;
  });
}
