// Counts seconds between two beats: down to what is due, up from what nobody has answered. The station's time comes with
// each beat, so the clock of this computer may be as wrong as it likes. Without this script the page shows clock times.
let ahead;

document.addEventListener("beat", (event) => {
  const now = Number(event.detail);
  if (Number.isFinite(now)) ahead = now - performance.now();
  count();
});
document.addEventListener("shown", count);

function count() {
  if (ahead === undefined) return;
  const now = performance.now() + ahead;
  for (const element of document.querySelectorAll("[data-due]")) {
    const seconds = Math.ceil((Number(element.dataset.due) - now) / 1000);
    element.textContent = seconds > 0 ? element.dataset.says.replace("#", seconds) : element.dataset.past;
  }
  for (const element of document.querySelectorAll("[data-since]")) {
    const seconds = Math.max(0, Math.floor((now - Number(element.dataset.since)) / 1000));
    element.textContent = element.dataset.says.replace("#", seconds);
  }
}

setInterval(count, 1000);
