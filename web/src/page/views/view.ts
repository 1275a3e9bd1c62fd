import type { AppState } from "../state/state.js";

/** A part of the page: its element, kept up to date with the state. */
export interface View {
  readonly element: HTMLElement;
  update(state: AppState): void;
}
