// A stretch of a chart, drawn with the pointer or set by two sliders: the page shows it alone.
import { all } from "./page.js";
import { local } from "./times.js";

/** Brush the chart of events. */
export function watchBrush() {
  const panel = document.querySelector("[data-brush]");
  const plot = panel?.querySelector(".plot");
  if (!(panel instanceof HTMLElement) || !(plot instanceof HTMLElement)) return;
  const sliders = /** @type {HTMLInputElement[]} */ (all("input[type=range]", panel));
  const zoom = /** @type {HTMLButtonElement} */ (panel.querySelector(".brush button"));
  const bars = /** @type {NodeListOf<SVGElement>} */ (panel.querySelectorAll("g[data-at]"));
  const times = [...[...bars].map((bar) => bar.dataset.at ?? ""), panel.dataset.until ?? ""];
  const last = times.length - 1;
  const shade = document.createElement("div");
  shade.className = "shade";
  plot.append(shade);

  /** @returns {[number, number]} */
  const ends = () => {
    const values = sliders.map((slider) => Number(slider.value));
    return [Math.min(...values), Math.max(...values)];
  };
  /** @param {number} end */
  const time = (end) => times[end] ?? "";
  const show = () => {
    const [from, to] = ends();
    zoom.disabled = from === to || (from === 0 && to === last);
    shade.hidden = zoom.disabled;
    shade.style.left = `${(100 * from) / last}%`;
    shade.style.width = `${(100 * (to - from)) / last}%`;
    for (const slider of sliders) {
      slider.setAttribute("aria-valuetext", local(new Date(time(Number(slider.value)))));
    }
  };
  const go = () => {
    if (zoom.disabled) return;
    const address = new URL(location.href);
    for (const name of ["hours", "cursor"]) address.searchParams.delete(name);
    ends().forEach((end, index) => address.searchParams.set(index === 0 ? "from" : "to", time(end)));
    location.assign(address);
  };
  /** @param {PointerEvent} event */
  const at = (event) => {
    const { left, width } = plot.getBoundingClientRect();
    return Math.max(0, Math.min(last, Math.round((last * (event.clientX - left)) / width)));
  };
  plot.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    event.preventDefault();
    plot.setPointerCapture(event.pointerId);
    for (const slider of sliders) slider.value = String(at(event));
    show();
  });
  plot.addEventListener("pointermove", (event) => {
    if (!plot.hasPointerCapture(event.pointerId)) return;
    sliders.slice(1).forEach((slider) => { slider.value = String(at(event)); });
    show();
  });
  plot.addEventListener("pointerup", go);
  for (const slider of sliders) {
    slider.addEventListener("input", show);
    slider.addEventListener("keydown", (event) => { if (event.key === "Enter") go(); });
  }
  zoom.addEventListener("click", go);
  show();
}
