// The public rooms there are, as they were a moment ago: asked for once while somebody types.

/** @typedef {import('../net/api.js').Listing} Listing */

const KEPT_MS = 30_000;

/** @type {{at: number, rooms: Promise<Listing[] | null>} | null} */
let kept = null;

/** @param {import('../main.js').Wires} wires @returns {Promise<Listing[] | null>} null: they could not be had */
export function publicRooms({ call, clock }) {
  if (kept && clock.now() - kept.at < KEPT_MS) return kept.rooms;
  const rooms = call('browse').then((answer) => {
    if (answer.ok) return answer.value;
    kept = null;
    return null;
  });
  kept = { at: clock.now(), rooms };
  return rooms;
}
