// What scripts add to a page that can be read without them.
import { watchBrush } from "./brush.js";
import { watchCharts } from "./charts.js";
import { watchCopying } from "./copy.js";
import { watchFacets } from "./facets.js";
import { watchKeys } from "./keys.js";
import { watchList } from "./live.js";
import { watchMenus } from "./menus.js";
import { watchPalette } from "./palette.js";
import { watchSearch } from "./search.js";
import { watchSetup } from "./setup.js";
import { watchTail } from "./tail.js";
import { watchTimes } from "./times.js";

document.documentElement.dataset.scripted = "";
watchTimes();
watchCopying();
watchMenus();
watchCharts();
watchBrush();
watchKeys();
watchPalette();
watchList();
watchSearch();
watchFacets();
watchSetup();
watchTail();
