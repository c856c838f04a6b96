// The empty room: nobody has said anything yet, so it shows how to invite somebody.

import { drawQr, listenFlag, serverAddress } from './address.js';
import { clone, copy, part, say } from './dom.js';

const COPIED_MS = 4000;

/** @param {import('./wires.js').Wires} wires */
export function mountEmpty(wires) {
  const { call, clock, select, send, watch } = wires;
  const { el, refs } = clone('t-empty');
  const { address, url, alone } = serverAddress(wires);
  const admin = watch.now(select.looksAfter);
  let link = watch.now((s) => select.linkToHandOn(s, url, undefined, clock.now()));
  say(part(refs, 'address'), address);
  say(
    part(refs, 'lead'),
    alone
      ? 'Write the first message, or open a second browser on this computer and join from there.'
      : 'Anyone on the same network can join from a browser. They need nothing installed.',
  );
  part(refs, 'more').hidden = !alone;
  part(refs, 'who').hidden = !admin;
  say(part(refs, 'flag'), listenFlag());
  const draw = () => {
    const how = link
      ? alone
        ? 'This address works on this computer only:'
        : 'Scan this with a phone, or type the address:'
      : 'Nobody can join for now. This server is at:';
    say(part(refs, 'how'), how);
    part(refs, 'copy').hidden = !link;
    if (!alone) drawQr(part(refs, 'qr'), link, wires);
  };
  draw();
  if (admin) {
    call('server').then((answer) => {
      if (!answer.ok) return;
      link = watch.now((s) => select.linkToHandOn(s, url, answer.value.invite, clock.now()));
      draw();
    });
  }
  const label = part(refs, 'label');
  part(refs, 'copy').addEventListener('click', async () => {
    const done = await copy(link ?? url);
    say(label, done ? 'Copied' : 'Select it and copy by hand');
    clock.set(() => say(label, 'Copy invite link'), COPIED_MS);
  });
  part(refs, 'who').addEventListener('click', () => send({ do: 'server' }));
  return { el, node: null };
}
