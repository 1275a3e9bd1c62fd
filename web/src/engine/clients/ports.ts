/** A port between a window of an extension and its background, of which `chrome.runtime.Port` has more. */
export interface ExtensionPort {
  readonly name: string;
  postMessage(message: unknown): void;
  readonly onMessage: { addListener(listener: (message: unknown) => void): void };
  readonly onDisconnect: { addListener(listener: () => void): void };
  disconnect(): void;
}

/** The name of our ports: an extension may have others. */
export const PORT_NAME = "kernelc";
