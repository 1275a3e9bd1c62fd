/**
 * Work on what is shown that can wait: a little at a time, so that no token and no key has to wait for it.
 */

/** What is needed of the outside world; tests hand in their own. */
export interface Clock {
  now(): number;
  /** Calls `run` when the page has nothing else to do. */
  whenIdle(run: () => void): void;
}

/** The page does so much of it in a row, in milliseconds: half of what a frame may take. */
const SLICE_MS = 8;
/** It is begun after this many milliseconds, even where the page is busy with a growing answer. */
const PATIENCE_MS = 500;

const REAL: Clock = {
  now: () => performance.now(),
  whenIdle(run) {
    if ("requestIdleCallback" in window) requestIdleCallback(run, { timeout: PATIENCE_MS });
    else setTimeout(run, 0); // Safari has none
  },
};

export class Later {
  private readonly tasks: (() => void)[] = [];
  private waiting = false;

  constructor(private readonly clock: Clock = REAL) {}

  /** Does `task` later. What it throws is reported as any uncaught error, and stops nothing else. */
  do(task: () => void): void {
    this.tasks.push(task);
    this.goOn();
  }

  private goOn(): void {
    if (this.waiting || this.tasks.length === 0) return;
    this.waiting = true;
    this.clock.whenIdle(() => {
      const end = this.clock.now() + SLICE_MS;
      try {
        do this.tasks.shift()?.();
        while (this.tasks.length > 0 && this.clock.now() < end);
      } finally {
        this.waiting = false;
        this.goOn();
      }
    });
  }
}

/** The class of a group of messages. */
export const GROUP = "message-group";
/** How far from what is in sight a group of messages may be for its formulas and colours to be made. */
const NEAR = { rootMargin: "100% 0px", scrollMargin: "100% 0px" };
interface Awaiting {
  readonly element: Element;
  readonly run: () => void;
}
const awaited = new WeakMap<Element, Awaiting[]>();
let observer: IntersectionObserver | null = null;

/**
 * Calls `run` once the group of messages that `element` is in (GROUP) is in sight or near. In a long chat
 * most never are; and since a browser looks at everything observed for each picture, groups are observed, of
 * which there are few. What has left the document is forgotten, since a growing paragraph is made anew for
 * every token.
 */
export function whenNear(element: Element, run: () => void): void {
  if (!("IntersectionObserver" in globalThis)) return run();
  queueMicrotask(() => {
    if (!element.isConnected) return;
    const target = element.closest(`.${GROUP}`) ?? element;
    observer ??= new IntersectionObserver(arrived, NEAR);
    const there = (awaited.get(target) ?? []).filter((each) => each.element.isConnected);
    there.push({ element, run });
    awaited.set(target, there);
    observer.observe(target);
  });
}

function arrived(entries: readonly IntersectionObserverEntry[]): void {
  for (const { target, isIntersecting } of entries) {
    if (!isIntersecting) continue;
    observer?.unobserve(target);
    for (const { run } of awaited.get(target) ?? []) run();
    awaited.delete(target);
  }
}

/** What the page shares: all that it does in its own time goes one after the other. */
export const later = new Later();
