// Keeps each "time left" true while the page is open. Without it the page shows the time left when it was loaded.
const language = document.documentElement.lang;
const units = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];

function inWords(seconds) {
  const first = units.findIndex(([, size]) => seconds >= size);
  const parts = [];
  let rest = seconds;
  for (const [unit, size] of units.slice(first < 0 ? 3 : first, first < 0 ? 4 : first + 2)) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    parts.push(new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "long" }).format(count));
  }
  return parts.join(language.startsWith("zh") ? "" : " ");
}

function tick() {
  for (const shown of document.querySelectorAll("[data-due]")) {
    const seconds = Math.round((Date.parse(shown.dataset.due) - Date.now() - offset) / 1000);
    const phrase = seconds >= 0 ? document.body.dataset.left : document.body.dataset.over;
    shown.textContent = phrase.replace("{time}", inWords(Math.abs(seconds)));
    shown.classList.toggle("late", seconds < 0);
  }
}

// A rehearsal's clock stands still: the server says what time it is there, and then nothing ticks.
const now = document.querySelector("[data-now]");
const offset = now ? Date.parse(now.dataset.now) - Date.now() : 0;
if (!now || now.dataset.still === undefined) {
  tick();
  setInterval(tick, 1000);
}
