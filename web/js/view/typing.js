// "Mei and Kwame are typing", in a strip whose height never changes.

import { say } from './dom.js';

/**
 * @param {{line: HTMLElement, dots: HTMLElement}} parts
 * @param {import('./wires.js').Wires} wires
 */
export function mountTyping({ line, dots }, { watch, send, select, text, clock }) {
  /** @type {unknown} */
  let timer = null;
  watch(
    (s) => [s.typing[s.view.room], s.people],
    (users, _people) => {
      const words = watch.now((s) => text.typingWords(select.typingNames(s)));
      say(line, words);
      dots.hidden = words === '';
      if (timer !== null) clock.clear(timer);
      timer = users && Object.keys(users).length > 0 ? clock.set(tick, 1000) : null;
    },
  );
  function tick() {
    send({ do: 'tick' });
    timer = clock.set(tick, 1000);
  }
}
