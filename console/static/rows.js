// Adds another row to a list in a form, and guesses the time zone of a form that nobody has set one in.
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
  button.before(copy);
  copy.querySelector("[name]").focus();
});

for (const zone of document.querySelectorAll("[data-zone-guess] [data-zone]")) {
  zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (!zone.value) zone.selectedIndex = 0;
}
