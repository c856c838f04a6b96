// The bar over the conversation: which room this is, and what it is for.

import { say } from './dom.js';

/**
 * @param {{name: HTMLElement, topic: HTMLElement}} parts
 * @param {import('../main.js').Wires} wires
 */
export function mountBar({ name, topic }, { watch, select }) {
  watch(
    (s) => [select.currentRoom(s)],
    (room) => {
      if (!room) return;
      say(name, room.name);
      say(topic, room.topic);
    },
  );
}
