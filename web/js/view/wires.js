// What every view is given. Types only.

/** @typedef {import('../state/state.js').State} State */
/** @typedef {import('../state/state.js').Event} Event */
/** @typedef {ReturnType<typeof import('../state/store.js').createStore<State, Event>>} Store */
/** @typedef {typeof import('../net/api.js') & typeof import('../net/lazy-api.js')} Calls */
/**
 * @typedef {object} Wires
 * @property {Store['watch'] & {now: <T>(ask: (s: State) => T) => T}} watch
 * @property {(act: import('../acts/act.js').Act) => void} send
 * @property {typeof import('../state/select.js')} select
 * @property {typeof import('../lib/text.js')} text
 * @property {typeof import('../lib/scroll.js')} scroll
 * @property {import('../lib/time.js').Times} times
 * @property {typeof import('../lib/throttle.js').throttle} throttle
 * @property {import('../lib/throttle.js').Clock} clock
 * @property {<K extends keyof Calls>(name: K, ...args: any[]) => Calls[K] extends (...args: any[]) => infer R ? R : never} call a call over HTTP, by its name
 * @property {import('../lib/lazy.js').Lazy<typeof import('../lazy.js'), import('../acts/act.js').Act>} lazy
 */

export {};
