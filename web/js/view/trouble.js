// The strip that says that the server cannot save messages; its owner and admins also see why and what to do.

import { h, icon, say } from './dom.js';

const WAITS = 'Keep writing: messages wait here and go out in order when it is over.';
const DAMAGED = 'file_damaged';

/** What the owner and admins can do about it. @type {Record<string, string>} */
const HELP = {
  file_removed:
    'The data file was removed or renamed. Put it back, or run chapp backup FILE to save what is there. Do not restart Chapp before that: it would begin with an empty file.',
  file_replaced: 'Another file was put in the place of the data file. Put the old one back, or restart Chapp to use the new one.',
  file_overwritten: 'Another program has written to the data file. Stop Chapp, put a backup in the place of the file, and start Chapp again.',
  [DAMAGED]:
    'Backups of it are refused. Run chapp check FILE to see what is wrong. Then stop Chapp, put a backup in the place of the file, and start Chapp again.',
  not_writable:
    'The system does not let Chapp write to its data file. Check the disk and the permissions of the file. Chapp keeps trying; a restart does not help.',
  disk_full: 'The disk of the server is full. Free some space. Chapp keeps trying; a restart does not help.',
};

/**
 * Shows the strip in `region`, which is there all the time: only what changes in a live region is read out.
 * @param {HTMLElement} region
 * @param {Pick<import('./wires.js').Wires, 'watch' | 'select'>} wires
 * @returns {() => void} what ends it
 */
export function mountTrouble(region, { watch, select }) {
  const what = h('b', {});
  const rest = h('span', {});
  const strip = h('div', { class: 'banner', hidden: true }, icon('alert'), h('p', {}, what, ' ', rest));
  region.replaceChildren(strip);
  return watch(
    // Without a connection this is not known, and another strip shows that.
    (s) => [s.connection.state === 'online' ? (s.server?.trouble ?? null) : null, select.looksAfter(s)],
    (trouble, admin) => {
      strip.hidden = trouble === null;
      if (trouble === null) return;
      const damaged = trouble === DAMAGED;
      say(what, damaged ? 'The data file of this server is damaged.' : 'This server cannot save messages at the moment.');
      const waits = damaged ? 'Some messages may be missing, and some may wait here.' : WAITS;
      say(rest, [...(admin && HELP[trouble] ? [HELP[trouble]] : []), waits].join(' '));
    },
  );
}
