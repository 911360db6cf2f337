// Keyboard for the day grid: one tab stop, arrows that follow the reading direction.
// Without this module every link of the grid is reached by the tab key; nothing else is lost.

const ROWS_A_PAGE = 10;

export function startGrids() {
  document.querySelectorAll(".grid").forEach(startGrid);
}

function startGrid(grid) {
  makeOneTabStop(grid);
  grid.addEventListener("focusin", (event) => {
    const cell = event.target.closest("tbody td, tbody tr:not(.group) > th");
    if (cell) {
      moveTabStop(grid, cell);
      announce(grid, cell);
    }
  });
  grid.addEventListener("keydown", (event) => onKey(grid, event));
}

// Called again after a refresh has replaced the rows.
export function makeOneTabStop(grid, focused = null) {
  for (const cell of grid.querySelectorAll("tbody tr:not(.group) > *")) target(cell).tabIndex = -1;
  const first = focused ?? grid.querySelector("tbody tr:not(.group) > td");
  if (first) target(first).tabIndex = 0;
}

// A cell's link takes the focus; a cell without one takes it itself.
export function target(cell) {
  return cell.querySelector("a[href]") ?? cell;
}

export function bookingRows(grid) {
  return [...grid.querySelectorAll("tbody tr:not(.group)")];
}

export function startOf(cell) {
  const position = [...cell.classList].find((name) => /^s\d+$/.test(name));
  return position ? Number(position.slice(1)) : -1;
}

// The cell that stands at this quarter hour: the last one that has begun by then.
export function cellAt(row, start) {
  return [...row.children].findLast((cell) => startOf(cell) <= start);
}

function moveTabStop(grid, cell) {
  for (const old of grid.querySelectorAll('tbody [tabindex="0"]')) old.tabIndex = -1;
  target(cell).tabIndex = 0;
}

function onKey(grid, event) {
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  const cell = event.target.closest("tbody tr:not(.group) > *");
  const next = cell && neighbour(grid, cell, event.key);
  if (!next) return;
  event.preventDefault();
  target(next).focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest", inline: "nearest" });
}

function neighbour(grid, cell, key) {
  const row = cell.parentElement;
  const isRightToLeft = getComputedStyle(grid).direction === "rtl";
  switch (key) {
    case "ArrowRight":
      return isRightToLeft ? cell.previousElementSibling : cell.nextElementSibling;
    case "ArrowLeft":
      return isRightToLeft ? cell.nextElementSibling : cell.previousElementSibling;
    case "Home":
      return row.firstElementChild;
    case "End":
      return row.lastElementChild;
    case "ArrowUp":
      return inOtherRow(grid, cell, -1);
    case "ArrowDown":
      return inOtherRow(grid, cell, 1);
    case "PageUp":
      return inOtherRow(grid, cell, -ROWS_A_PAGE);
    case "PageDown":
      return inOtherRow(grid, cell, ROWS_A_PAGE);
    default:
      return null;
  }
}

function inOtherRow(grid, cell, distance) {
  const rows = bookingRows(grid);
  const wanted = rows.indexOf(cell.parentElement) + distance;
  return cellAt(rows[Math.max(0, Math.min(rows.length - 1, wanted))], startOf(cell));
}

// "A-03, 10:00 to 11:30, free": every word is taken from the page, which is in the reader's language.
function announce(grid, cell) {
  const region = grid.closest(".grid-frame")?.querySelector("[data-announce]");
  if (!region || cell.matches("th")) return;
  const [start, end] = cell.querySelector("i").textContent.split("–");
  const words = [cell.querySelector("b"), cell.querySelector("span")].filter(Boolean);
  const place = cell.parentElement.querySelector("th bdi").textContent;
  const state = words.map((word) => word.textContent).join(" – ");
  const values = { place, start, end, state };
  const sentence = grid.dataset.sentence.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  // A refresh that brings nothing new for this cell says nothing.
  if (region.textContent !== sentence) region.textContent = sentence;
}
