/** What the page shows: an element with a title, and how to let go of it. */
export interface View {
  readonly element: HTMLElement;
  readonly title: string;
  close?(): void;
}
