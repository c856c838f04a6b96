// How to invite somebody: the link, and whom it lets in. Shown in a dialog and on the server's page.

import { drawQr, listenFlag, serverAddress } from './address.js';
import { openDialog } from './dialog.js';
import { button, copy, h, icon, say } from './dom.js';

/** @typedef {import('./wires.js').Wires} Wires */
/** @typedef {import('../net/api.js').Invite} Invite */

const COPIED_MS = 4000;

/** A copy button that confirms in place. @param {string} words @param {() => string} value @param {Wires} wires @param {string} [more] further classes */
export function copyButton(words, value, { clock }, more = 'btn--main') {
  const label = h('span', { role: 'status' }, words);
  const act = async () => {
    say(label, (await copy(value())) ? 'Copied' : 'Select it and copy by hand');
    clock.set(() => say(label, words), COPIED_MS);
  };
  return h('button', { type: 'button', class: `btn ${more}`, onclick: act }, icon('copy', 'i--s'), label);
}

/** A link in a field to select, and a button to copy it. @param {string} name @param {string} value @param {Wires} wires */
export function copyField(name, value, wires) {
  const input = h('input', { class: 'inp', readonly: true, dir: 'ltr', 'aria-label': name, value });
  input.addEventListener('focus', () => input.select());
  return {
    el: h(
      'div',
      { class: 'copy' },
      input,
      copyButton('Copy', () => input.value, wires),
    ),
    input,
  };
}

/** Whom a link lets in. @param {import('../net/wire.js').Door} door @param {Invite | undefined} invite @param {Wires} wires */
export function whomItLetsIn(door, invite, { times, clock }) {
  const now = clock.now();
  if (door === 'nobody') return 'Nobody can make an account for now, not even with a link.';
  if (door === 'anyone') return 'Anyone on this network can make an account, with or without this link.';
  if (!invite) return 'Only people with an invite link can make an account. There is none yet.';
  if (invite.ends_at <= now) return `The invite link is over since ${times.date(invite.ends_at, now)}. Make a new one to let others in.`;
  return `Anyone on this network who opens the link or scans the code can make an account. It works until ${times.date(invite.ends_at, now)}.`;
}

/** Shown when nobody else can reach the server. */
export const aloneNote = () =>
  h(
    'div',
    { class: 'note' },
    icon('monitor'),
    h('p', {}, 'This address works on this computer only. Others on your network can come in when Chapp is started with ', h('code', {}, listenFlag()), '.'),
  );

/** @param {Wires} wires */
export async function openInvite(wires) {
  const { call, clock, select, send, watch } = wires;
  const admin = watch.now(select.looksAfter);
  const asked = admin ? await call('server') : null;
  const server = asked?.ok ? asked.value : null;
  const { url, alone } = serverAddress(wires);
  const link = watch.now((s) => select.linkToHandOn(s, url, server?.invite, clock.now()));
  const door = watch.now((s) => s.server?.door ?? 'anyone');
  const words =
    !admin && door === 'invite' ? 'People need an invite link to join. The owner or an admin can give you one.' : whomItLetsIn(door, server?.invite, wires);
  const qr = h('div', { class: 'invite__qr', hidden: true });
  const then = () => {
    close();
    send({ do: 'server' });
  };
  const { close } = openDialog({
    title: 'Invite people',
    body: [h('div', { class: 'dlg__b' }, h('p', { class: 'hint' }, words), link && copyField('Invite link', link, wires).el, alone && link && aloneNote(), qr)],
    ...(admin ? { foot: [button('Who can join?', then)] } : {}),
  });
  if (link && !alone) drawQr(qr, link, wires);
}
