// The one script of every page. Each module finds its elements or does nothing.
import { startGrids } from "./grid.js";
import { startRefresh } from "./refresh.js";
import { startCopyButtons } from "./copy.js";
import { startDays } from "./days.js";
import { startPopovers } from "./popovers.js";

startGrids();
startRefresh();
startCopyButtons();
startDays();
startPopovers();
