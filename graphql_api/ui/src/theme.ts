// Light, dark, or as the system has it; remembered in this browser.

export type Theme = "auto" | "light" | "dark";

export function readTheme(): Theme {
  const kept = localStorage.getItem("fleet-theme");
  return kept === "light" || kept === "dark" ? kept : "auto";
}

export function setTheme(theme: Theme) {
  localStorage.setItem("fleet-theme", theme);
  applyTheme();
}

export function applyTheme() {
  const theme = readTheme();
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}
