/** The page over an engine that only pretends: for states that a real one reaches rarely. */
import { App } from "../../../src/page/app.js";
import { ConversationStore, DatabaseShelf } from "../../../src/page/keeping/conversationStore.js";
import { saveFile } from "../../../src/page/keeping/saveFile.js";
import { storagePreferences } from "../../../src/page/services.js";
import { BrowserSharing } from "../../../src/page/keeping/sharing.js";
import { fakeServices, type FakeOptions } from "../../unit/fakeEngine.js";

declare global {
  /** Set before the page starts, by `addInitScript`; `setFake` of page_helpers.ts changes them later. */
  var fakeOptions: FakeOptions | undefined;
}

const base = new URL("./", document.baseURI).href;
const services = fakeServices(Object.assign((globalThis.fakeOptions ??= {}), { base }));
services.now = () => Date.now();
if (globalThis.fakeOptions.keeps) {
  services.conversations = new ConversationStore(await DatabaseShelf.open());
  services.sharing = new BrowserSharing();
  services.preferences = storagePreferences(() => localStorage);
  services.session = storagePreferences(() => sessionStorage);
  services.saveFile = saveFile;
}
await new App(services).start(document.body);
