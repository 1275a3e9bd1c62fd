import { App } from "./app.js";
import { Files } from "./data/load.js";
import { askForFolder } from "./folder.js";

// Browsers fetch nothing beside a page that was opened from a file: its reader hands over the folder.
if (location.protocol === "file:") askForFolder(document.body, (fetch) => start(new Files(fetch)));
else start(new Files());

function start(files: Files): void {
  void new App(document.body, files).start();
}
