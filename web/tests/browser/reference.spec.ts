/** From an artifact to ids and logits: the tiny model computes what numpy says that it should. */
import { compareInChromium, compareUnderDawn, type Mode, MODES } from "./reference";

compareInChromium("tiny", Object.keys(MODES) as Mode[]);
compareUnderDawn("tiny");
