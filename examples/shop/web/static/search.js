// Completes what is typed into the search field, and sorts at once when another order is chosen. Without this script the
// field offers the searches of before, and the button beside the order sorts.
const field = document.getElementById("query");
const list = document.getElementById("suggestions");
const before = [...list.children];
let asked = 0;
let waiting;

async function suggest() {
  const turn = ++asked;
  const text = field.value.trim();
  if (text.length < 2) {
    list.replaceChildren(...before);
    return;
  }
  const answer = await fetch("/api/v1/suggestions?query=" + encodeURIComponent(text)).catch(() => null);
  if (!answer?.ok || turn !== asked) return; // a later one is on its way
  const { suggestions } = await answer.json();
  list.replaceChildren(...suggestions.map((s) => new Option(s.count + " products", s.text)));
}

field.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(suggest, 120);
});

for (const choice of document.querySelectorAll("[data-submits]")) {
  choice.addEventListener("change", () => choice.form.requestSubmit());
  choice.form.classList.add("instant");
}
