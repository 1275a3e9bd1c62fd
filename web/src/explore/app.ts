/** The page: a list of what there is beside what is chosen. Addresses are fragments, which can be shared. */

import { KernelcError } from "../artifact/errors.js";
import { h } from "../page/dom.js";
import { icon } from "../page/icons.js";
import type { Files } from "./data/load.js";
import type { Overview } from "./data/types.js";
import { failure } from "./failure.js";
import { DeviceHolder } from "./run/device.js";
import { themeSwitch } from "./theme.js";
import type { View } from "./view.js";
import { graphView } from "./views/graph.js";
import { kernelView } from "./views/kernel.js";
import { overviewView } from "./views/overview.js";
import { programView } from "./views/program.js";

export class App {
  private readonly devices = new DeviceHolder();
  private readonly main = h("main", { id: "main", tabindex: -1 });
  private readonly nav = h("nav", { "aria-label": "Parts of the model" });
  private overview: Overview | null = null;
  private shown: View | null = null;
  private asked = 0;

  constructor(
    private readonly body: HTMLElement,
    private readonly files: Files,
  ) {}

  /** Load the overview, and then what the address names. */
  async start(): Promise<void> {
    this.body.replaceChildren(h("p", { class: "loading", role: "status" }, "Loading …"));
    try {
      this.overview = await this.files.overview();
    } catch (error) {
      this.body.replaceChildren(h("main", { class: "asking" }, failure(error)));
      return;
    }
    this.body.replaceChildren(
      h(
        "a",
        { class: "skip", href: "#main", on: { click: (event) => this.skip(event) } },
        "Skip to the content",
      ),
      this.header(this.overview),
      h("div", { class: "columns" }, this.nav, this.main),
    );
    this.fillNav(this.overview);
    addEventListener("hashchange", () => void this.route(true));
    await this.route(false);
  }

  private skip(event: Event): void {
    event.preventDefault(); // the fragment is an address here
    this.main.focus();
  }

  private header({ name, chat }: Overview): HTMLElement {
    const menu = h("button", {
      class: "icon-button menu",
      type: "button",
      "aria-label": "Parts of the model",
      "aria-expanded": "false",
      on: { click: () => this.openNav(!this.body.classList.contains("nav-open")) },
    });
    menu.append(icon("menu"));
    return h(
      "header",
      { class: "top" },
      menu,
      h(
        "a",
        { class: "brand", href: "#/" },
        h("strong", {}, "kernelc"),
        h("span", {}, ` explorer · ${name}`),
      ),
      h("span", { class: "space" }),
      chat !== null && h("a", { class: "button small quiet", href: chat }, "Chat"),
      themeSwitch(),
    );
  }

  private openNav(open: boolean): void {
    this.body.classList.toggle("nav-open", open);
    this.body.querySelector(".menu")?.setAttribute("aria-expanded", String(open));
  }

  private fillNav(overview: Overview): void {
    const item = (address: string, text: string, more = ""): HTMLElement =>
      h(
        "li",
        {},
        h("a", { href: `#${address}` }, h("span", {}, text), more && h("span", { class: "count" }, more)),
      );
    const part = (title: string, items: readonly HTMLElement[]): HTMLElement[] =>
      items.length ? [h("h2", {}, title), h("ul", {}, ...items)] : [];
    const search = h("input", {
      type: "search",
      placeholder: "Find a kernel",
      "aria-label": "Find a kernel",
      on: { input: () => filter(search.value.trim().toLowerCase()) },
    });
    const kernels = overview.kernels.map(({ name, uses }) => item(`/kernel/${name}`, name, `${uses}×`));
    const filter = (wanted: string): void =>
      kernels.forEach((each, at) => (each.hidden = !overview.kernels[at]?.name.includes(wanted)));
    this.nav.append(
      h("ul", {}, item("/", "Overview")),
      ...part(
        "Graphs",
        [...overview.graphs.keys()].map((role) => item(`/graph/${role}`, role)),
      ),
      ...part(
        "Programs and memory",
        overview.programs.map(({ name, dispatches }) =>
          item(`/program/${name}`, name, `${dispatches.length}`),
        ),
      ),
      ...part("Kernels", kernels),
    );
    this.nav
      .querySelectorAll("h2")
      .item(this.nav.querySelectorAll("h2").length - 1)
      ?.after(search);
  }

  private async route(moved: boolean): Promise<void> {
    const overview = this.overview;
    if (!overview) return;
    const number = (this.asked += 1);
    const address = decoded(location.hash.replace(/^#/, "")) || "/";
    this.openNav(false);
    for (const link of this.nav.querySelectorAll("a")) {
      const here = link.getAttribute("href") === `#${address}`;
      if (here) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
      if (here && !moved) link.scrollIntoView({ block: "nearest" });
    }
    const wait = (): void => this.main.replaceChildren(h("p", { role: "status" }, "Loading …"));
    const waiting = setTimeout(wait, 200);
    let view: View;
    try {
      view = await this.view(address, overview);
    } catch (error) {
      view = { element: failure(error), title: "Not there" };
    }
    clearTimeout(waiting);
    if (number !== this.asked) return view.close?.(); // something else was asked for meanwhile
    this.shown?.close?.();
    this.shown = view;
    this.main.replaceChildren(view.element);
    document.title = `${view.title} · ${overview.name} · kernelc explorer`;
    if (!moved) return;
    scrollTo(0, 0);
    this.main.focus({ preventScroll: true });
  }

  private async view(address: string, overview: Overview): Promise<View> {
    const [, part = "", name = ""] = address.split("/");
    if (part === "") return overviewView(overview);
    if (part === "graph" && overview.graphs.has(name)) return graphView(name, await this.files.graph(name));
    const program = overview.programs.find((each) => each.name === name);
    if (part === "program" && program) return programView(program, overview);
    if (part === "kernel" && overview.kernels.some((each) => each.name === name))
      return kernelView(await this.files.kernel(name), overview, this.files, this.devices);
    throw new KernelcError("usage", `there is nothing called ${address}`, { help: "choose from the list" });
  }
}

/** A fragment's text; as it is where somebody mistyped it. */
function decoded(fragment: string): string {
  try {
    return decodeURIComponent(fragment);
  } catch {
    return fragment;
  }
}
