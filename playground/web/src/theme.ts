// Light and dark: as the system says, unless the switch says otherwise.

import { byId, fill, icon } from "./dom";

const KEY = "tenon-theme";

function stored(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

export function setUpTheme(): void {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const button = byId<HTMLButtonElement>("theme");
  const dark = (): boolean => (root.dataset.theme ?? (system.matches ? "dark" : "light")) === "dark";
  const draw = (): void => {
    const label = dark() ? "Light colours" : "Dark colours";
    button.setAttribute("aria-label", label);
    button.title = label;
    fill(button, icon(dark() ? "sun" : "moon"));
  };
  const chosen = stored();
  if (chosen === "light" || chosen === "dark") root.dataset.theme = chosen;
  button.addEventListener("click", () => {
    const next = dark() ? "light" : "dark";
    root.dataset.theme = next;
    try {
      localStorage.setItem(KEY, next);
    } catch {
      // A browser that stores nothing keeps the choice for this visit.
    }
    draw();
  });
  system.addEventListener("change", draw);
  draw();
}
