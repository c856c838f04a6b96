// Whether somebody uses this tab: after a while without input, or hidden, they count as away.

export const IDLE_MS = 5 * 60_000;
const EVENTS = ['pointerdown', 'pointermove', 'keydown', 'wheel', 'touchstart'];
const NOTICE_EVERY_MS = 1000;

/** @param {import('../lib/throttle.js').Clock} clock @param {(away: boolean) => void} tell */
export function mountIdle(clock, tell) {
  let away = false;
  let used = clock.now();
  /** @type {unknown} */
  let timer = null;
  const change = (/** @type {boolean} */ to) => {
    if (to === away) return;
    away = to;
    tell(away);
  };
  const look = () => {
    const left = used + IDLE_MS - clock.now();
    if (left <= 0) change(true);
    timer = clock.set(look, left <= 0 ? IDLE_MS : left);
  };
  const use = () => {
    if (!away && clock.now() - used < NOTICE_EVERY_MS) return;
    used = clock.now();
    if (document.visibilityState === 'visible') change(false);
    if (timer !== null) clock.clear(timer);
    timer = clock.set(look, IDLE_MS);
  };
  for (const name of EVENTS) addEventListener(name, use, { passive: true, capture: true });
  addEventListener('focus', use);
  timer = clock.set(look, IDLE_MS);
  return {
    get away() {
      return away;
    },
  };
}
