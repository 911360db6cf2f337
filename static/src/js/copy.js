// Shows the copy buttons, which are useless without a script, and lets them copy.

export function startCopyButtons() {
  if (!navigator.clipboard) return;
  for (const button of document.querySelectorAll("[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", () => copy(button));
  }
}

async function copy(button) {
  const field = document.getElementById(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(field.value);
    button.querySelector("[aria-live]").textContent = button.dataset.copied;
  } catch {
    // The browser refused: select the text, so that the reader's own keys can copy it.
    field.select();
  }
}
