// The public rooms there are, as they were a moment ago: asked for once while somebody types the same.

/** @typedef {import('../net/lazy-api.js').Listing} Listing */
/** @typedef {import('./wires.js').Wires} Wires */

const KEPT_MS = 30_000;
/** Pages that are looked through for one room. */
const PAGES_MAX = 20;

/** @type {{query: string, at: number, rooms: Promise<Listing[] | null>} | null} */
let kept = null;

/** Those of that name. @param {string} query @param {Wires} wires @returns {Promise<Listing[] | null>} null: they could not be had */
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

/** One of them, by its id; none where it is not public or not there. @param {number} id @param {Wires} wires @returns {Promise<{ok: true, room: Listing | undefined} | {ok: false, title: string}>} */
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
