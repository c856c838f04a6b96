// The browser's storage throws when it is full or switched off. Nothing the page keeps there is worth an error.

/** What `run` returns, or undefined if it throws. @template T @param {() => T} run @returns {T | undefined} */
export function attempt(run) {
  try {
    return run();
  } catch {
    return undefined;
  }
}
