/** Work on what is shown that can wait. */
import { describe, expect, it } from "vitest";
import { Later } from "../../src/page/reading/later.js";

describe("work that can wait", () => {
  it("is done in slices, so that nothing waits for it long", () => {
    let now = 0;
    const idle: (() => void)[] = [];
    const later = new Later({ now: () => now, whenIdle: (run) => idle.push(run) });
    const done: number[] = [];
    for (let task = 0; task < 6; task += 1) later.do(() => ((now += 5), done.push(task)));
    expect(idle).toHaveLength(1);
    idle.shift()?.();
    expect(done).toEqual([0, 1]); // the second one passed the limit
    while (idle.length > 0) idle.shift()?.();
    expect(done).toEqual([0, 1, 2, 3, 4, 5]);
    later.do(() => done.push(6));
    expect(idle).toHaveLength(1);
  });

  it("goes on after a task that throws", () => {
    const idle: (() => void)[] = [];
    const later = new Later({ now: () => 0, whenIdle: (run) => idle.push(run) });
    const done: number[] = [];
    later.do(() => {
      throw new Error("a fault");
    });
    later.do(() => done.push(1));
    expect(() => idle.shift()?.()).toThrow("a fault");
    idle.shift()?.();
    expect(done).toEqual([1]);
  });
});
