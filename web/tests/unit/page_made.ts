/** The page's controllers around services that pretend, for tests of what they do. */

import { ChatController } from "../../src/page/chatController.js";
import { ModelController } from "../../src/page/modelController.js";
import { DEFAULT_SETTINGS } from "../../src/page/state/settings.js";
import { initialState, reduce, type AppState } from "../../src/page/state/state.js";
import { Store } from "../../src/page/state/store.js";
import { fakeServices, type FakeOptions } from "./fakeEngine.js";

export function page(options: FakeOptions = {}) {
  const services = fakeServices(options);
  const store = new Store(initialState({ ...DEFAULT_SETTINGS }, "auto", 1), reduce);
  const models = new ModelController(store, services);
  const chats = new ChatController(store, models, services);
  return { services, store, models, chats };
}

export async function loaded(options: FakeOptions = {}) {
  const made = page(options);
  await made.models.start();
  await made.models.load();
  return made;
}

export const until = async (
  store: Store<AppState, never> | { state: AppState },
  done: (state: AppState) => boolean,
): Promise<void> => {
  while (!done(store.state)) await new Promise((resolve) => setTimeout(resolve, 1));
};
