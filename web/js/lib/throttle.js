// Calls at once, then at most every `ms`; calls in between become one, at the end.

/** @typedef {{set: (fn: () => void, ms: number) => unknown, clear: (timer: any) => void, now: () => number}} Clock */

/** @type {Clock} */
export const systemClock = {
  set: (fn, ms) => setTimeout(fn, ms),
  clear: (timer) => clearTimeout(timer),
  now: () => Date.now(),
};

/**
 * @template {unknown[]} A
 * @param {(...args: A) => void} fn
 * @param {number} ms
 * @param {Clock} [clock]
 */
export function throttle(fn, ms, clock = systemClock) {
  let last = Number.NEGATIVE_INFINITY;
  /** @type {A | null} */
  let waiting = null;
  /** @type {unknown} */
  let timer = null;

  const run = () => {
    timer = null;
    if (!waiting) return;
    const args = waiting;
    waiting = null;
    last = clock.now();
    fn(...args);
  };
  /** @param {A} args */
  const call = (...args) => {
    waiting = args;
    if (timer !== null) return;
    const wait = last + ms - clock.now();
    if (wait <= 0) run();
    else timer = clock.set(run, wait);
  };
  /** Makes a delayed call now, if there is one. */
  call.flush = () => {
    if (timer !== null) clock.clear(timer);
    run();
  };
  /** Drops a delayed call and forgets the last one: the next call is made at once. */
  call.cancel = () => {
    if (timer !== null) clock.clear(timer);
    timer = null;
    waiting = null;
    last = Number.NEGATIVE_INFINITY;
  };
  return call;
}
