// Sizes, counts and lengths of time in words.

const STEP = 1000;
const UNITS = ['bytes', 'KB', 'MB', 'GB', 'TB'];
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** "148 MB", "2.1 GB" @param {number} count */
export function bytes(count) {
  let [value, unit] = [count, 0];
  while (value >= STEP && unit < UNITS.length - 1) [value, unit] = [value / STEP, unit + 1];
  return `${unit > 0 && value < 10 ? value.toFixed(1).replace(/\.0$/, '') : Math.round(value)} ${UNITS[unit]}`;
}

/** @param {number} n @param {string} one */
const some = (n, one) => `${n} ${one}${n === 1 ? '' : 's'}`;

/** "6 days, 4 hours": the two largest parts, in whole minutes. @param {number} ms */
export function duration(ms) {
  if (ms < MINUTE_MS) return 'less than a minute';
  const parts = [
    some(Math.floor(ms / DAY_MS), 'day'),
    some(Math.floor((ms % DAY_MS) / HOUR_MS), 'hour'),
    some(Math.floor((ms % HOUR_MS) / MINUTE_MS), 'minute'),
  ];
  const first = parts.findIndex((part) => !part.startsWith('0 '));
  return parts
    .slice(first, first + 2)
    .filter((part) => !part.startsWith('0 '))
    .join(', ');
}

/** A backup older than this is said to be old. */
export const STALE_MS = 2 * DAY_MS;

/**
 * How recent the last backup is.
 * @param {number | undefined} at @param {number} now
 * @returns {{words: string, state: 'ok' | 'stale' | 'none'}}
 */
export function freshness(at, now) {
  if (at === undefined) return { words: 'None yet', state: 'none' };
  if (now - at <= STALE_MS) return { words: 'Up to date', state: 'ok' };
  return { words: `${some(Math.floor((now - at) / DAY_MS), 'day')} old`, state: 'stale' };
}

/**
 * What became of the nightly backups.
 * @param {import('../net/wire.js').Nightly | undefined} nightly
 * @param {(at: number) => string} moment
 * @returns {{words: string, state: 'ok' | 'stale'}}
 */
export function nightly(nightly, moment) {
  if (!nightly) return { words: 'Nightly backups are off.', state: 'ok' };
  const { at, bytes: size, findings, failure, failed_at, stale } = nightly;
  const last = at === undefined ? '' : ` The last one is from ${moment(at)}.`;
  if (failure !== undefined) return { words: `The nightly backup failed (${moment(failed_at ?? 0)}): ${failure}${last}`, state: 'stale' };
  if (stale) return { words: `There is no recent nightly backup.${last}`, state: 'stale' };
  if (at === undefined) return { words: 'The first nightly backup will be made tonight.', state: 'ok' };
  const made = `Nightly backup: ${moment(at)}, ${bytes(size ?? 0)}`;
  if (findings) return { words: `${made}. Its check found ${some(findings, 'fault')} in the data file. Run “chapp check” on the server.`, state: 'stale' };
  return { words: `${made}, checked.`, state: 'ok' };
}
