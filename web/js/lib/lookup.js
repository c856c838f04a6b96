// Lookups while somebody types: only once they pause, only the latest counts, and not again for a prefix that found
// nothing. No DOM, no network: the lookup itself is passed in.

/** @template T @typedef {{look: (query: string) => void, stop: () => void}} Lookup */

/**
 * @template T
 * @param {object} options
 * @param {(query: string) => Promise<T | null>} options.ask null: it was not answered
 * @param {(answer: T, query: string) => void} options.found
 * @param {(answer: T) => boolean} options.isEmpty nobody has a name that begins so: nor one that goes on from there
 * @param {import('./throttle.js').Clock} options.clock
 * @param {number} options.ms
 */
export function createLookup({ ask, found, isEmpty, clock, ms }) {
  /** @type {unknown} */
  let timer = null;
  let asked = 0;
  /** @type {string | null} */
  let nothing = null;

  const stop = () => {
    if (timer !== null) clock.clear(timer);
    timer = null;
    asked += 1;
  };
  return {
    /** @param {string} query */
    look(query) {
      stop();
      if (nothing !== null && query.startsWith(nothing)) return;
      nothing = null;
      const mine = asked;
      timer = clock.set(async () => {
        timer = null;
        const answer = await ask(query);
        // They went on typing: this answers an old query.
        if (answer === null || mine !== asked) return;
        if (isEmpty(answer)) nothing = query;
        found(answer, query);
      }, ms);
    },
    /** Drops the lookup that is under way. */
    stop,
  };
}

/**
 * What was chosen stays chosen and where it is, whatever comes to the list.
 * @template T
 * @param {T[]} list @param {string | undefined} chosen its key @param {number} at its place @param {(item: T) => string} key
 */
export function steady(list, chosen, at, key) {
  const item = list.find((one) => key(one) === chosen);
  return item === undefined ? list : list.filter((one) => one !== item).toSpliced(at, 0, item);
}
