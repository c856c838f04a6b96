// Changes of single parts of the state.

/** @typedef {import('./state.js').State} State */
/** @typedef {import('./timeline.js').Timeline} Timeline */
/** @typedef {import('../net/wire.js').User} User */

/** @template T @param {Record<string, T>} values @param {number | string} key @returns {Record<string, T>} */
export function without(values, key) {
  const { [key]: _, ...others } = values;
  return others;
}

/** @param {State} state @param {number} id @param {(t: Timeline) => Timeline} change @returns {State} */
export function withTimeline(state, id, change) {
  const held = state.timelines[id];
  if (!held) return state;
  const next = change(held);
  return next === held ? state : { ...state, timelines: { ...state.timelines, [id]: next } };
}

/** @param {State} state @param {User[]} users @returns {State} */
export function withPeople(state, users) {
  if (users.length === 0) return state;
  const people = { ...state.people };
  for (const user of users) people[user.id] = user;
  const staleProfiles = users.reduce((left, { id }) => (left[id] ? without(left, id) : left), state.staleProfiles);
  const me = state.me && people[state.me.id] ? /** @type {User} */ (people[state.me.id]) : state.me;
  return { ...state, people, staleProfiles, me };
}
