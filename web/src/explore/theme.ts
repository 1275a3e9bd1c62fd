/** The switch between the system's theme, light and dark; a chat page of the same site shares the choice. */

import { h } from "../page/dom.js";
import { icon, type IconName } from "../page/icons.js";

const CHOICES = ["auto", "light", "dark"] as const;
type Choice = (typeof CHOICES)[number];

const KEY = "kernelc.theme"; // as theme.js reads it
const ICONS: Readonly<Record<Choice, IconName>> = { auto: "auto", light: "sun", dark: "moon" };
const NAMES: Readonly<Record<Choice, string>> = { auto: "as the system", light: "light", dark: "dark" };

export function themeSwitch(): HTMLElement {
  const root = document.documentElement;
  let choice: Choice = CHOICES.find((each) => each === root.dataset.theme) ?? "auto";
  const next = (): Choice => CHOICES[(CHOICES.indexOf(choice) + 1) % CHOICES.length] ?? "auto";
  const button = h("button", {
    class: "icon-button",
    type: "button",
    on: {
      click: () => {
        choice = next();
        keep(choice);
        show();
      },
    },
  });
  const show = (): void => {
    if (choice === "auto") delete root.dataset.theme;
    else root.dataset.theme = choice;
    button.replaceChildren(icon(ICONS[choice]));
    const label = `Theme: ${NAMES[choice]}. Change to ${NAMES[next()]}`;
    button.setAttribute("aria-label", label);
    button.title = label;
  };
  show();
  return button;
}

function keep(choice: Choice): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(choice));
  } catch {
    // Blocked storage: the choice ends with the page.
  }
}
