// Before the first paint: the reader's choice of colours, and the mark that scripts run here.
document.documentElement.classList.add("scripted");
try {
  const theme = localStorage.getItem("tenon-theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // A browser that keeps nothing: the system's colours.
}
