import type { Actions } from "../actions.js";
import { icon, type IconName } from "../icons.js";
import type { AppState, ThemeChoice } from "../state/state.js";
import { iconButton } from "./buttons.js";
import type { View } from "./view.js";

const NEXT: Readonly<Record<ThemeChoice, ThemeChoice>> = { auto: "light", light: "dark", dark: "auto" };
const ICONS: Readonly<Record<ThemeChoice, IconName>> = { auto: "auto", light: "sun", dark: "moon" };
const NAMES: Readonly<Record<ThemeChoice, string>> = { auto: "as the system", light: "light", dark: "dark" };

/** Switches between the themes in turn: as the system, light, dark. */
export function themeButton(actions: Actions): View {
  let shown: ThemeChoice | null = null;
  const button = iconButton("auto", "Theme", () => actions.setTheme(NEXT[shown ?? "auto"]));
  return {
    element: button,
    update({ theme }: AppState): void {
      if (theme === shown) return;
      shown = theme;
      button.replaceChildren(icon(ICONS[theme]));
      const label = `Theme: ${NAMES[theme]}. Change to ${NAMES[NEXT[theme]]}`;
      button.setAttribute("aria-label", label);
      button.title = label;
    },
  };
}

/** The browser's own colours around the page follow the theme. */
export function applyTheme(theme: ThemeChoice): void {
  const root = document.documentElement;
  if (theme === "auto") delete root.dataset.theme;
  else root.dataset.theme = theme;
}
