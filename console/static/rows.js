// Adds another row to a list in a form, or takes one out, and guesses the time zone of a form that nobody has set one in.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-add]");
  if (!button) return;
  const rows = button.parentElement.querySelectorAll(".row");
  const copy = rows[rows.length - 1].cloneNode(true);
  for (const part of copy.querySelectorAll("[name], [for]")) {
    for (const attribute of ["name", "id", "for"]) {
      const value = part.getAttribute(attribute);
      if (value) part.setAttribute(attribute, value.replace(/\[\d+\]/, `[${rows.length}]`));
    }
    if (part.name) part.value = "";
  }
  copy.setAttribute("aria-label", copy.getAttribute("aria-label").replace(/\d+$/, String(rows.length + 1)));
  button.previousElementSibling.before(copy);
  copy.hidden = false;
  copy.querySelector("[name]").focus();
});

// A row without its first entry is none: taken out, it stays hidden, so that the others keep their numbers.
for (const button of document.querySelectorAll("[data-remove]")) button.hidden = false;
document.addEventListener("click", (event) => {
  const row = event.target.closest("[data-remove]")?.closest(".row");
  if (!row) return;
  const first = row.querySelector("[name]");
  first.value = "";
  first.dispatchEvent(new Event("input", { bubbles: true }));
  row.hidden = true;
  row.parentElement.querySelector("[data-add]").focus();
});

for (const zone of document.querySelectorAll("[data-zone-guess] [data-zone]")) {
  zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (!zone.value) zone.selectedIndex = 0;
}
