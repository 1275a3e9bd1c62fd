/** The page over an engine that only pretends: for states that a real one reaches rarely. */
import { App } from "../../../src/page/app.js";
import { fakeServices, type FakeOptions } from "../../unit/fakeEngine.js";

declare global {
  /** Set before the page starts, by `addInitScript`; `setFake` of page_helpers.ts changes them later. */
  var fakeOptions: FakeOptions | undefined;
}

const base = new URL("./", document.baseURI).href;
const services = fakeServices(Object.assign((globalThis.fakeOptions ??= {}), { base }));
services.now = () => Date.now();
await new App(services).start(document.body);
