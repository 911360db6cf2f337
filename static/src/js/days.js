// Opens a month over each field for a day, in the page's own language; without this script the field
// alone is there, and a day is typed. Days are counted here and need no clock: the page names today.

const COLUMNS = 7;

export function startDays() {
  for (const picker of document.querySelectorAll("[data-day-of]")) start(picker);
}

function start(picker) {
  const words = JSON.parse(picker.dataset.words);
  const field = document.getElementById(picker.dataset.dayOf);
  let first;
  const show = (month) => draw(picker, words, (first = month), written(typed(field.value)));
  picker.hidden = false;
  picker.addEventListener("toggle", () => {
    if (!picker.open) return;
    show({ ...(typed(field.value) ?? typed(words.today)), day: 1 });
    placeWithinTheWindow(picker);
  });
  picker.addEventListener("click", ({ target }) => {
    const turn = target.closest("[data-turn]");
    if (turn) show(turned(first, Number(turn.dataset.turn)));
    const day = target.closest("[data-day]");
    if (day) choose(picker, field, day.dataset.day);
  });
  picker.addEventListener("keydown", step);
}

function placeWithinTheWindow(picker) {
  picker.classList.remove("at-end");
  const box = picker.querySelector(".popover-panel").getBoundingClientRect();
  picker.classList.toggle("at-end", box.left < 0 || box.right > document.documentElement.clientWidth);
}

function choose(picker, field, day) {
  field.value = day.split("-").reverse().join("/");
  field.dispatchEvent(new Event("change", { bubbles: true }));
  picker.open = false;
  picker.querySelector("summary").focus();
}

function draw(picker, words, first, chosen) {
  picker.querySelector("strong").textContent = `${words.months[first.month - 1]} ${first.year}`;
  picker.querySelector("thead tr").replaceChildren(...words.weekdays.map(column));
  const before = turned(first, -1);
  const outside = (weekday(first) - words.first_weekday + COLUMNS) % COLUMNS;
  let day = outside ? { ...before, day: daysOf(before) - outside + 1 } : first;
  const weeks = [];
  do {
    const week = document.createElement("tr");
    for (const { name } of words.weekdays) {
      week.append(cell(picker, words, { day, name, chosen, isOutside: day.month !== first.month }));
      day = following(day);
    }
    weeks.push(week);
  } while (day.month === first.month);
  picker.querySelector("tbody").replaceChildren(...weeks);
}

function column({ short, name }) {
  const head = document.createElement("th");
  const letter = document.createElement("abbr");
  head.scope = "col";
  letter.title = name;
  letter.textContent = short;
  head.append(letter);
  return head;
}

function cell(picker, words, { day, name, chosen, isOutside }) {
  const text = written(day);
  const isOffered = text >= (picker.dataset.since ?? "");
  const shown = document.createElement(isOffered ? "button" : "span");
  shown.textContent = day.day;
  if (isOffered) {
    shown.type = "button";
    shown.dataset.day = text;
    shown.ariaLabel = `${name} ${day.day} ${words.months[day.month - 1]} ${day.year}`;
    shown.classList.toggle("today", text === words.today);
    if (text === chosen) shown.setAttribute("aria-current", "date");
  }
  const made = document.createElement("td");
  made.classList.toggle("outside", isOutside);
  made.append(shown);
  return made;
}

// Arrows go from day to day; those to the sides follow the reading direction.
function step(event) {
  const day = event.target.closest("[data-day]");
  const forwards = document.dir === "rtl" ? -1 : 1;
  const by = { ArrowRight: forwards, ArrowLeft: -forwards, ArrowDown: COLUMNS, ArrowUp: -COLUMNS }[event.key];
  if (!day || !by) return;
  event.preventDefault();
  const days = [...day.closest("tbody").querySelectorAll("[data-day]")];
  days[days.indexOf(day) + by]?.focus();
}

// --- days: a year, a month from 1 to 12, a day ---

// 24/11/2026, or 2026-11-24; null for anything else.
function typed(text) {
  const local = /^\s*(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})\s*$/.exec(text);
  const own = /^\s*(\d{4})-(\d\d)-(\d\d)\s*$/.exec(text);
  const [year, month, day] = (local?.slice(1).reverse() ?? own?.slice(1) ?? []).map(Number);
  const found = { year, month, day };
  return month >= 1 && month <= 12 && day >= 1 && day <= daysOf(found) ? found : null;
}

function written(day) {
  return day && [day.year, day.month, day.day].map((part) => String(part).padStart(2, "0")).join("-");
}

function turned({ year, month }, by) {
  const months = year * 12 + month - 1 + by;
  return { year: Math.floor(months / 12), month: (months % 12) + 1, day: 1 };
}

function following(day) {
  return day.day < daysOf(day) ? { ...day, day: day.day + 1 } : turned(day, 1);
}

function daysOf({ year, month }) {
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  return month === 2 && isLeap ? 29 : [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1];
}

// Monday is 0. The year begins in March here, so that the leap day is its last.
function weekday({ year, month, day }) {
  const from = month < 3 ? year - 1 : year;
  const leaps = Math.floor(from / 4) - Math.floor(from / 100) + Math.floor(from / 400);
  return (from + leaps + [0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4][month - 1] + day + 6) % COLUMNS;
}
