// Holds the state, runs the reducer, tells the watchers. Knows nothing about what the state means.

/**
 * @template S, E
 * @param {{reduce: (state: S, event: E) => S, state: S, schedule: (run: () => void) => void}} options
 *   schedule says when watchers run: a burst of frames is drawn once
 */
export function createStore({ reduce, state, schedule }) {
  /** @type {Set<() => void>} */
  const watchers = new Set();
  let waiting = false;

  const tell = () => {
    waiting = false;
    for (const run of [...watchers]) run();
  };

  return {
    get state() {
      return state;
    },

    /** @param {E} event */
    dispatch(event) {
      const next = reduce(state, event);
      if (next === state) return;
      state = next;
      if (waiting) return;
      waiting = true;
      schedule(tell);
    },

    /**
     * Calls `run` now, and again whenever one of the picked values has changed.
     * @template {readonly unknown[] | []} P
     * @param {(state: S) => P} pick
     * @param {(...picked: NoInfer<P>) => void} run
     * @returns {() => void} stop
     */
    watch(pick, run) {
      let last = pick(state);
      const check = () => {
        const now = pick(state);
        if (now.every((value, i) => Object.is(value, last[i]))) return;
        last = now;
        run(...now);
      };
      watchers.add(check);
      run(...last);
      return () => watchers.delete(check);
    },
  };
}
