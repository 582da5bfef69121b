// Ticks the countdowns by the server's clock and loads the page again when one ends. Without this script they stand
// at what they were when the page was made; everything else works the same.
const started = performance.now();
const timers = document.querySelectorAll(".countdown");

function tick() {
  for (const timer of timers) {
    const left = timer.dataset.at - timer.dataset.now - (performance.now() - started);
    if (left <= 0) {
      location.reload();
      return;
    }
    const s = Math.floor(left / 1000);
    const two = (n) => String(n).padStart(2, "0");
    timer.textContent = `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
  }
  setTimeout(tick, 1000);
}

if (timers.length > 0) tick();
