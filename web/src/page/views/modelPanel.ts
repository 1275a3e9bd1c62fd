import type { Actions } from "../actions.js";
import type { CatalogModel } from "../state/catalog.js";
import { freshId, h, setChildren, setText } from "../dom.js";
import { formatBytes, formatLanguages, formatLarge, formatLicense, formatWeights } from "../format.js";
import { leftovers, storedFor, type AppState } from "../state/state.js";
import type { Failure } from "../state/failures.js";
import type { StoredModel } from "../state/ports.js";
import { iconButton } from "./buttons.js";
import { confirmLoss } from "./confirmDialog.js";
import { failureCard } from "./failureCard.js";
import { LoadProgress } from "./loadProgress.js";
import { PlanCard } from "./planCard.js";
import type { View } from "./view.js";

/** The list of models, with the plan or the progress of the selected one. */
export class ModelPanel implements View {
  readonly element: HTMLElement;
  private readonly list = h("div", {
    class: "model-list",
    role: "radiogroup",
    "aria-label": "Models of this site",
  });
  private readonly cards = new Map<string, ModelCard>();
  private readonly heading = h("h1", { id: "models-title" });
  private readonly rest = h("div", { class: "leftovers" });
  private readonly problem = h("div");
  private readonly device = h("div");
  private readonly notes = h("ul", { class: "notes hint" });
  private shownFailure: Failure | null = null;
  private readonly plan: PlanCard;
  private readonly progress: LoadProgress;
  private shownRest: readonly StoredModel[] = [];

  constructor(private readonly actions: Actions) {
    this.plan = new PlanCard(actions);
    this.progress = new LoadProgress(actions);
    const intro = h(
      "p",
      { class: "lead" },
      "The model runs on your own device, inside this page. What you write stays on this device.",
    );
    this.element = h(
      "section",
      { class: "model-panel", "aria-labelledby": "models-title", tabindex: -1 },
      h(
        "div",
        { class: "column" },
        this.heading,
        intro,
        this.device,
        this.problem,
        this.list,
        this.notes,
        this.rest,
      ),
    );
  }

  update(state: AppState): void {
    this.element.hidden = state.view !== "model";
    if (this.element.hidden) return;
    this.plan.update(state);
    this.progress.update(state);
    this.updateProblem(state);
    this.updateDevice(state);
    if (this.notes.childElementCount !== state.notes.length)
      this.notes.replaceChildren(...state.notes.map((note) => h("li", {}, note)));
    setText(this.heading, headingFor(state));
    setChildren(
      this.list,
      (state.catalog ?? []).map((model) => this.cardFor(model, state)),
    );
    this.updateRest(state);
  }

  private cardFor(model: CatalogModel, state: AppState): HTMLElement {
    const card = this.cards.get(model.name) ?? new ModelCard(this.actions, model);
    this.cards.set(model.name, card);
    card.update(state);
    const selected = state.model.selected === model.name;
    const loading = state.model.status.kind === "loading";
    // Changed in place: removing and inserting the slider again would take its focus away.
    setChildren(card.details, selected ? [loading ? this.progress.element : this.plan.element] : []);
    return card.element;
  }

  /** Shows why there is no graphics device, but for a model that the processor runs. */
  private updateDevice({ device, model }: AppState): void {
    const computed = model.plan.kind === "known" && model.plan.plan.device === "wasm";
    const failure = device.kind === "unusable" && !computed ? device.failure : null;
    if (failure === this.shownFailure) return;
    this.shownFailure = failure;
    this.device.replaceChildren(...(failure ? [failureCard(failure)] : []));
  }

  private updateProblem(state: AppState): void {
    const failure = state.catalogFailure;
    if (failure)
      this.problem.replaceChildren(
        failureCard({ ...failure, title: "The list of models could not be read" }),
      );
    else if (state.catalog === null)
      this.problem.replaceChildren(h("p", { class: "muted" }, "Reading the list of models…"));
    else if (state.catalog.length === 0)
      this.problem.replaceChildren(h("p", { class: "muted" }, "This site has no models yet."));
    else this.problem.replaceChildren();
  }

  private updateRest(state: AppState): void {
    const rest = leftovers(state);
    const same =
      rest.length === this.shownRest.length &&
      rest.every((stored, index) => stored === this.shownRest[index]);
    if (same || state.catalog === null) return;
    this.shownRest = rest;
    const rows = rest.map((stored) =>
      h(
        "li",
        {},
        h("span", {}, `${stored.title} · ${formatBytes(stored.bytes)}`),
        deleteButton(this.actions, stored),
      ),
    );
    this.rest.replaceChildren(
      ...(rows.length > 0
        ? [h("h2", {}, "Stored earlier, not used by this page"), h("ul", {}, ...rows)]
        : []),
    );
  }
}

/** One model in the list. */
class ModelCard {
  readonly element: HTMLElement;
  readonly details = h("div", { class: "model-details" });
  private readonly radio: HTMLInputElement;
  private readonly badge = h("span", { class: "badge" });
  private readonly stored = h("span", { class: "stored" });
  private readonly storedText = h("span");
  private storedId = "";

  constructor(
    actions: Actions,
    private readonly model: CatalogModel,
  ) {
    const id = freshId("model");
    this.radio = h("input", {
      type: "radio",
      name: "model",
      id,
      on: { change: () => void actions.selectModel(model.name) },
    });
    const words = h(
      "span",
      { class: "model-words" },
      h("span", { class: "model-title" }, model.title),
      model.toy && h("span", { class: "badge toy" }, "toy"),
      this.badge,
      model.about && h("span", { class: "about" }, model.about),
      h("span", { class: "facts" }, modelFacts(model)),
    );
    const label = h("label", { for: id, class: "model-label" }, this.radio, words);
    this.stored.append(
      this.storedText,
      iconButton(
        "trash",
        `Delete the stored files of ${model.title}`,
        () => void askDelete(actions, this.storedId, model.title),
      ),
    );
    this.element = h(
      "div",
      { class: "model-card" },
      h("div", { class: "model-head" }, label, this.stored),
      this.details,
    );
  }

  update(state: AppState): void {
    const selected = state.model.selected === this.model.name;
    const stored = storedFor(state, this.model);
    this.radio.checked = selected;
    this.radio.disabled = state.model.status.kind === "loading";
    this.element.classList.toggle("selected", selected);
    const running = state.model.loaded?.name === this.model.name;
    this.badge.hidden = !running;
    setText(this.badge, "running");
    this.stored.hidden = !stored || state.model.status.kind === "loading";
    this.storedId = stored?.id ?? "";
    if (stored)
      setText(this.storedText, `${formatBytes(stored.bytes)} ${stored.complete ? "stored" : "of it stored"}`);
  }
}

/** "135 million parameters · English · Apache 2.0 · 4-bit, 98.0 MB". */
export function modelFacts({ parameters, languages, license, bytes, quant }: CatalogModel): string {
  const facts = [
    parameters === null ? "" : `${formatLarge(parameters)} parameters`,
    languages.length > 0 ? formatLanguages(languages) : "",
    license === null ? "" : formatLicense(license),
    [formatWeights(quant), formatBytes(bytes)].filter(Boolean).join(", "),
  ];
  return facts.filter(Boolean).join(" · ");
}

function headingFor(state: AppState): string {
  if (state.model.status.kind === "loading") return "Loading the model";
  return state.catalog?.length === 1 ? "The model" : "Choose a model";
}

function deleteButton(actions: Actions, stored: StoredModel): HTMLButtonElement {
  return iconButton(
    "trash",
    `Delete ${stored.title}`,
    () => void askDelete(actions, stored.id, stored.title),
  );
}

async function askDelete(actions: Actions, id: string, title: string): Promise<void> {
  const agreed = await confirmLoss(
    `Delete the stored files of ${title}?`,
    "Your chats are kept. The model will be downloaded again when you next load it.",
    "Delete",
  );
  if (agreed) await actions.deleteModel(id);
}
