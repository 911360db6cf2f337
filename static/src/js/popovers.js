// Menus are <details>; this closes them on Escape and on a click elsewhere.

export function startPopovers() {
  document.addEventListener("keydown", (event) => {
    const open = event.key === "Escape" && event.target.closest?.(".popover[open]");
    if (!open) return;
    open.open = false;
    open.querySelector("summary").focus();
  });
  document.addEventListener("click", (event) => {
    for (const open of document.querySelectorAll(".popover[open]")) {
      if (!open.contains(event.target)) open.open = false;
    }
  });
}
