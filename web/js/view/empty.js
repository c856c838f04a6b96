// The first minute: nobody has said anything yet, so the next thing to do is to let somebody in.

import { clone, copy, part, say } from './dom.js';

const COPIED_MS = 4000;

/** @param {import('../main.js').Wires} wires */
export function mountEmpty({ watch, select, text, clock }) {
  const { el, refs } = clone('t-empty');
  const { host, origin } = location;
  const { address, url, alone } = watch.now((s) => select.invitation(s, { host, origin, alone: text.onlyHere(host) }));
  say(part(refs, 'address'), address);
  say(
    part(refs, 'lead'),
    alone
      ? 'Write the first message, or open a second browser on this computer and join from there.'
      : 'Anyone on the same network can join from a browser. They need nothing installed.',
  );
  say(part(refs, 'how'), alone ? 'This address works on this computer only:' : 'Send them this address, or let them type it:');
  part(refs, 'more').hidden = !alone;
  say(part(refs, 'flag'), `--listen 0.0.0.0:${location.port || '4280'}`);
  const label = part(refs, 'label');
  part(refs, 'copy').addEventListener('click', async () => {
    const done = await copy(url);
    say(label, done ? 'Copied' : 'Select it and copy by hand');
    clock.set(() => say(label, 'Copy address'), COPIED_MS);
  });
  return { el, node: null };
}
