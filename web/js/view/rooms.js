// The public rooms, cached for a moment, so that typing the same again does not ask again.

/** @typedef {import('../net/lazy-api.js').Listing} Listing */
/** @typedef {import('./wires.js').Wires} Wires */

const KEPT_MS = 30_000;
/** How many pages are searched for one room. */
const PAGES_MAX = 20;

/** @type {{query: string, at: number, rooms: Promise<Listing[] | null>} | null} */
let kept = null;

/** The rooms with that name. @param {string} query @param {Wires} wires @returns {Promise<Listing[] | null>} null: they could not be had */
export function publicRooms(query, { call, clock }) {
  if (kept && kept.query === query && clock.now() - kept.at < KEPT_MS) return kept.rooms;
  const rooms = call('browse', query).then((answer) => {
    if (answer.ok) return answer.value.rooms;
    kept = null;
    return null;
  });
  kept = { query, at: clock.now(), rooms };
  return rooms;
}

/** A public room by its id. @param {number} id @param {Wires} wires @returns {Promise<{ok: true, room: Listing | undefined} | {ok: false, title: string}>} */
export async function publicRoom(id, { call }) {
  /** @type {number | undefined} */
  let after;
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const answer = await call('browse', '', after);
    if (!answer.ok) return { ok: false, title: answer.title };
    const room = answer.value.rooms.find((one) => one.id === id);
    after = answer.value.next;
    if (room || after === undefined) return { ok: true, room };
  }
  return { ok: true, room: undefined };
}
