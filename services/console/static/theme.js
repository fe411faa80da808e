// Sets light or dark before the first paint, as this browser last chose; else as its system asks.
const chosen = localStorage.getItem("theme");
if (chosen) document.documentElement.dataset.theme = chosen;
