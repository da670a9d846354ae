// The values of a search beside its list, where the page has room for them: they are counted after
// the list is there.
import { load } from "./page.js";

/** Fetch them, once there is room. */
export function watchFacets() {
  const aside = document.querySelector("[data-facets]");
  if (!(aside instanceof HTMLElement)) return;
  const fill = async () => {
    if (!aside.checkVisibility()) return;
    removeEventListener("resize", fill);
    const page = await load(aside.dataset.facets ?? "");
    const found = page?.getElementById("facets");
    if (found) aside.append(document.adoptNode(found));
  };
  addEventListener("resize", fill);
  void fill();
}
