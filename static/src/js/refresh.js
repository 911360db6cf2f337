// Keeps a shown day fresh: asks for its rows every 20 seconds and whenever the page is looked at again.

import { bookingRows, cellAt, makeOneTabStop, startOf, target } from "./grid.js";

const EVERY_MS = 20_000;
const SLOW_AFTER_MS = 400;
const GIVE_UP_AFTER_MS = 15_000;
const FAILURES_UNTIL_STALE = 2;

export function startRefresh() {
  document.querySelectorAll(".grid-frame[data-fragment]").forEach((frame) => {
    const refresher = new Refresher(frame);
    setInterval(() => refresher.refresh(), EVERY_MS);
    document.addEventListener("visibilitychange", () => refresher.refresh());
    addEventListener("focus", () => refresher.refresh());
    addEventListener("online", () => refresher.refresh());
  });
}

class Refresher {
  constructor(frame) {
    this.frame = frame;
    this.grid = frame.querySelector(".grid");
    this.progress = frame.querySelector(".progress");
    this.stale = frame.querySelector(".stale");
    this.asOf = frame.dataset.asOf;
    this.version = frame.dataset.version || null;
    this.axis = frame.dataset.axis;
    this.failures = 0;
    this.isBusy = false;
  }

  async refresh() {
    if (this.isBusy || document.hidden) return;
    this.isBusy = true;
    const slow = setTimeout(() => { this.progress.hidden = false; }, SLOW_AFTER_MS);
    try {
      await this.fetchRows();
      this.failures = 0;
      this.stale.hidden = true;
    } catch {
      this.failures += 1;
      if (this.failures >= FAILURES_UNTIL_STALE) this.showStale();
    } finally {
      clearTimeout(slow);
      this.progress.hidden = true;
      this.isBusy = false;
    }
  }

  // "no-cache" lets the browser ask with If-None-Match; unchanged rows come from its own store.
  async fetchRows() {
    const answer = await fetch(this.frame.dataset.fragment, {
      cache: "no-cache",
      headers: { Accept: "text/html" },
      redirect: "error",
      signal: AbortSignal.timeout(GIVE_UP_AFTER_MS),
    });
    if (!answer.ok) throw new Error(String(answer.status));
    const rows = await answer.text();
    if ((answer.headers.get("Grid-Axis") ?? this.axis) !== this.axis) {
      location.reload(); // other opening hours: the hours above the rows are no longer theirs
      return;
    }
    this.asOf = answer.headers.get("Site-Time") ?? this.asOf;
    this.moveNow(answer.headers.get("Site-Step"));
    const version = answer.headers.get("ETag") ?? rows;
    if (version !== this.version) this.replaceRows(rows);
    this.version = version;
  }

  replaceRows(html) {
    const template = document.createElement("template");
    template.innerHTML = html;
    const bodies = [...template.content.children].filter((element) => element.matches("tbody"));
    const place = this.focusedPlace();
    this.grid.querySelectorAll("tbody").forEach((body) => body.remove());
    this.grid.append(...bodies);
    const cell = place && this.cellOf(place);
    makeOneTabStop(this.grid, cell);
    if (cell && place.hadFocus) target(cell).focus({ preventScroll: true });
  }

  // Where the tab stop is, in words that survive the exchange of the rows.
  focusedPlace() {
    const stop = this.grid.querySelector('tbody [tabindex="0"]');
    const cell = stop?.closest("td, th");
    return cell && { code: codeOf(cell.parentElement), start: startOf(cell), hadFocus: stop === document.activeElement };
  }

  cellOf(place) {
    const row = bookingRows(this.grid).find((candidate) => codeOf(candidate) === place.code);
    return row ? cellAt(row, place.start) : null;
  }

  // The server counts the steps of the day; the browser's clock and zone are never asked. A page
  // that shows another day, or one that is over by now, gets no step.
  moveNow(stepOfDay) {
    const pill = this.grid.querySelector(".now-pill");
    if (!pill) return;
    const [first, quarters] = this.axis.split("/").map(Number);
    const step = stepOfDay === null ? -1 : Number(stepOfDay) - first;
    const isInside = step >= 0 && step < quarters * 3;
    this.grid.className = this.grid.className.replace(/ now\d*/g, "") + (isInside ? " now" : "");
    this.grid.style.setProperty("--now", String(step));
    pill.hidden = !isInside;
    pill.firstElementChild.textContent = this.asOf;
    makeRoomForPill(this.grid, isInside ? step : null, quarters);
  }

  showStale() {
    this.stale.textContent = this.stale.dataset.stale.replace("{time}", this.asOf);
    this.stale.hidden = false;
  }
}

function codeOf(row) {
  return row.querySelector("th bdi").textContent;
}

// The hour's label under the pill gives way, as it does in the page that the server has written.
function makeRoomForPill(grid, step, quarters) {
  const reach = quarters > 56 ? 2 : 1;
  grid.querySelectorAll("thead th:not(:first-child)").forEach((label, hour) => {
    const distance = step === null ? Infinity : step - hour * 12;
    label.classList.toggle("covered", distance >= -4 && distance <= 9);
    label.classList.toggle("near", distance >= -9 * reach && distance <= 21 * reach);
  });
}
