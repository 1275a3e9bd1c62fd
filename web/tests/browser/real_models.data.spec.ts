/** Trained models give the reference outputs too. They are no part of the repository: see README.md. */
import { compareInChromium, compareOnProcessor, compareUnderDawn, type Mode, MODES } from "./reference";

compareInChromium("stories260K", Object.keys(MODES) as Mode[]);
compareInChromium("babyllama105", ["all that the adapter has", "the guaranteed limits and no features"]);
compareUnderDawn("stories260K");
compareOnProcessor("stories260K");
