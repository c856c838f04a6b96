// One line about somebody: whether they are online, or when they last were.

/** @param {import('../net/wire.js').User} user @param {import('./wires.js').Wires} wires */
export function about(user, { watch, select, times, clock }) {
  if (user.deactivated) return 'Deactivated';
  const presence = watch.now((s) => select.presenceOf(s, user.id));
  if (presence === 'online') return 'Online';
  if (presence === 'away') return 'Away';
  return user.last_seen ? `Last seen ${times.short(user.last_seen, clock.now())}` : 'Offline';
}
