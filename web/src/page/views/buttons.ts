import { h } from "../dom.js";
import { icon, type IconName } from "../icons.js";

/** A button that shows only an icon; `label` is its accessible name and its tooltip. */
export function iconButton(
  name: IconName,
  label: string,
  onClick: () => void,
  className = "",
): HTMLButtonElement {
  return h(
    "button",
    {
      type: "button",
      class: `icon-button ${className}`.trim(),
      "aria-label": label,
      title: label,
      on: { click: onClick },
    },
    icon(name),
  );
}

/** A button with text, after an icon where one is given. */
export function textButton(
  label: string,
  onClick: () => void,
  options: { class?: string; icon?: IconName } = {},
): HTMLButtonElement {
  const image = options.icon ? icon(options.icon) : null;
  return h(
    "button",
    { type: "button", class: `button ${options.class ?? ""}`.trim(), on: { click: onClick } },
    image,
    h("span", {}, label),
  );
}

/** How long a copy button confirms what it did, in milliseconds. */
const CONFIRM_MS = 1600;

interface CopyOptions {
  /** Whether there are words beside the icon. */
  words?: boolean;
  /** Has screen readers say what happened. */
  say: (text: string) => void;
}

/** A copy button, which confirms for a moment that it has copied, and says so. */
export function copyButton(label: string, text: () => string, options: CopyOptions): HTMLButtonElement {
  const button = iconButton("copy", label, () => void copy(), options.words ? "with-words" : "");
  const show = (name: IconName, words: string, says: string): void => {
    button.replaceChildren(icon(name), ...(options.words ? [h("span", {}, words)] : []));
    button.setAttribute("aria-label", says);
  };
  const copy = async (): Promise<void> => {
    const copied = await navigator.clipboard.writeText(text()).then(
      () => true,
      () => false,
    );
    const says = copied ? "Copied" : "Not copied: the browser did not allow it";
    show(copied ? "check" : "warning", copied ? "Copied" : "Not copied", says);
    options.say(`${says}.`);
    setTimeout(() => show("copy", "Copy", label), CONFIRM_MS);
  };
  show("copy", "Copy", label);
  return button;
}
