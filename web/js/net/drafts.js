// What stands in the composer, kept per person and room until it is sent.

/** @typedef {Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>} Store */

/** @param {Store} store @param {number} user */
export function createDrafts(store, user) {
  const key = (/** @type {number} */ room) => `chapp:draft:${user}:${room}`;
  return {
    /** @param {number} room */
    read(room) {
      try {
        return store.getItem(key(room)) ?? '';
      } catch {
        return '';
      }
    },
    /** @param {number} room @param {string} text */
    keep(room, text) {
      try {
        if (text) store.setItem(key(room), text);
        else store.removeItem(key(room));
      } catch {
        // No room left, or storage is switched off: the text is still in the box.
      }
    },
    /** Whether a `storage` event is about this draft. @param {string | null} changed @param {number} room */
    isAbout: (changed, room) => changed === key(room),
  };
}

/** @typedef {ReturnType<typeof createDrafts>} Drafts */
