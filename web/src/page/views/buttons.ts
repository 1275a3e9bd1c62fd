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

/** A copy button, which confirms for a moment that it has copied. */
export function copyButton(label: string, text: () => string): HTMLButtonElement {
  const button = iconButton("copy", label, () => void copy());
  const show = (name: IconName, says: string): void => {
    button.replaceChildren(icon(name));
    button.setAttribute("aria-label", says);
  };
  const copy = async (): Promise<void> => {
    const copied = await navigator.clipboard.writeText(text()).then(
      () => true,
      () => false,
    );
    show(copied ? "check" : "warning", copied ? "Copied" : "The browser did not allow copying");
    setTimeout(() => show("copy", label), 1600);
  };
  return button;
}
