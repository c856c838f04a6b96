// The browser's storage throws where it is full or switched off; nothing that the page keeps there is worth an error.

/** What `run` returns, or undefined where it throws. @template T @param {() => T} run @returns {T | undefined} */
export function attempt(run) {
  try {
    return run();
  } catch {
    return undefined;
  }
}
