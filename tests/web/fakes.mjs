// Fakes of the clock and the browser's storage, so that tests set the time and never wait.

export function fakeClock(start = 1_000_000) {
  let now = start;
  let made = 0;
  /** @type {Map<number, {at: number, run: () => void}>} */
  const timers = new Map();
  return {
    now: () => now,
    set(/** @type {() => void} */ run, /** @type {number} */ ms) {
      made += 1;
      timers.set(made, { at: now + ms, run });
      return made;
    },
    clear: (/** @type {number} */ id) => void timers.delete(id),
    /** Lets `ms` go by, ringing every alarm on the way at its own time. */
    pass(/** @type {number} */ ms) {
      const end = now + ms;
      for (;;) {
        const next = [...timers].filter(([, t]) => t.at <= end).sort(([a, x], [b, y]) => x.at - y.at || a - b)[0];
        if (!next) break;
        timers.delete(next[0]);
        now = Math.max(now, next[1].at);
        next[1].run();
      }
      now = end;
    },
  };
}

/** localStorage of one browser; `tabs` hear of changes as the `storage` event tells them: all but the one that wrote. */
export class FakeStorage {
  #map = new Map();
  full = false;
  /** @type {{store: unknown, heard: (key: string) => void}[]} */
  tabs = [];

  /** The same storage as another tab sees it. */
  tab() {
    const self = this;
    const store = {
      get length() {
        return self.#map.size;
      },
      key: (/** @type {number} */ i) => [...self.#map.keys()][i] ?? null,
      getItem: (/** @type {string} */ key) => self.#map.get(key) ?? null,
      setItem(/** @type {string} */ key, /** @type {string} */ value) {
        if (self.full) throw new DOMException('full', 'QuotaExceededError');
        self.#map.set(key, value);
        self.#tell(store, key);
      },
      removeItem(/** @type {string} */ key) {
        if (self.#map.delete(key)) self.#tell(store, key);
      },
    };
    return store;
  }

  keys(prefix = '') {
    return [...this.#map.keys()].filter((key) => key.startsWith(prefix));
  }

  #tell(/** @type {unknown} */ from, /** @type {string} */ key) {
    for (const { store, heard } of this.tabs) if (store !== from) heard(key);
  }
}
