// The arithmetic of a list that is read from its end. No DOM: numbers in, numbers out.

/** @typedef {{top: number, height: number, view: number}} Scroll top = scrollTop, height = scrollHeight, view = clientHeight */

/** This near the end counts as at the end: rounding, zoom, a phone's rubber band. */
export const END_SLACK_PX = 24;

/** @param {Scroll} s */
export const distanceToEnd = (s) => Math.max(0, s.height - s.view - s.top);

/** @param {Scroll} s */
export const atEnd = (s) => distanceToEnd(s) <= END_SLACK_PX;

/** More than one screen of messages lies below. @param {Scroll} s */
export const farFromEnd = (s) => distanceToEnd(s) > s.view;

/**
 * How much is still left to read when more is loaded: two screens, and no more than a quarter of what is held beyond
 * one, or what is loaded at one end of the window would be let go at the other and asked for again.
 * @param {Scroll} s
 */
const ahead = (s) => Math.min(2 * s.view, Math.max(s.view, (s.height - s.view) / 4));

/** @param {Scroll} s */
export const nearStart = (s) => s.top < ahead(s);

/** @param {Scroll} s */
export const nearEnd = (s) => distanceToEnd(s) < ahead(s);

/**
 * Which of these rows the reader's eye is on: the first that ends below the top edge.
 * @template {{bottom: number}} R
 * @param {R[]} rows in order, `bottom` relative to the same origin as `edge`
 * @param {number} edge
 * @returns {R | undefined}
 */
export function firstVisible(rows, edge) {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const mid = (low + high) >> 1;
    if (/** @type {R} */ (rows[mid]).bottom > edge) high = mid;
    else low = mid + 1;
  }
  return rows[low];
}

/**
 * Where to scroll so that a row which moved stays where the reader saw it.
 * @param {number} top the present scrollTop
 * @param {number} before the row's offset on screen before the change
 * @param {number} after its offset now
 */
export const keepPosition = (top, before, after) => top + (after - before);
