import { freshId, h } from "../dom.js";

/** Asks before something is lost. Resolves to true where the person agrees; Escape means no. */
export function confirmLoss(question: string, detail: string, action: string): Promise<boolean> {
  const titleId = freshId("confirm");
  const cancel = h("button", { type: "submit", value: "no", class: "button" }, "Keep");
  const agree = h("button", { type: "submit", value: "yes", class: "button danger" }, action);
  const form = h(
    "form",
    { method: "dialog" },
    h("h2", { id: titleId }, question),
    h("p", {}, detail),
    h("div", { class: "dialog-buttons" }, cancel, agree),
  );
  const dialog = h("dialog", { class: "dialog small", "aria-labelledby": titleId }, form);
  document.body.append(dialog);
  dialog.showModal();
  cancel.focus();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
  });
}
