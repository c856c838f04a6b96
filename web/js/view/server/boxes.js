// The other boxes of the server's page: the invite link, who can sign up, the backup, how the server is doing.

import { bytes, duration, freshness, nightly } from '../../lib/amounts.js';
import { drawQr, serverAddress } from '../address.js';
import { confirm, field, openDialog } from '../dialog.js';
import { button, freshId, h, icon, mark, say } from '../dom.js';
import { aloneNote, copyField, whomItLetsIn } from '../invite.js';

/** @typedef {import('../wires.js').Wires} Wires */
/** @typedef {import('../server.js').Page} Page */
/** @typedef {import('../server.js').Box} Box */
/** @typedef {import('../../net/wire.js').Server} Server */
/** @typedef {import('../../net/wire.js').Door} Door */

const DAY_MS = 86_400_000;
const LOOK_AGAIN_MS = 1000;
const CREATING = 'Creating the backup. Keep the downloaded file somewhere safe.';

/** A box with a heading, and something at the end of that line. @param {string} title @param {import('../dom.js').Child} [end] @param {string} [more] further classes */
export function box(title, end, more = '') {
  const id = freshId('box');
  const heading = h('h2', { id }, title);
  return { el: h('section', { class: `box ${more}`.trim(), 'aria-labelledby': id }, h('div', { class: 'box__h' }, heading, end)), heading };
}

/** @param {Wires} wires @param {Page} page @returns {Box} */
export function inviteBox(wires, { refresh, fail }) {
  const { call, clock, select, watch } = wires;
  const { el, heading } = box('Invite people', null, 'invite');
  const words = h('p', { class: 'hint' });
  const link = copyField('Invite link', '', wires);
  const { url, alone } = serverAddress(wires);
  const qr = h('div', { class: 'invite__qr', hidden: true });
  let ends_at = 0;
  const make = async () => {
    const answer = await call('makeInvite');
    if (answer.ok) await refresh();
    else fail(answer.title);
  };
  const replace = button('Replace link', () => {
    if (ends_at <= clock.now()) return void make();
    confirm({ title: 'Replace the invite link?', words: 'Whoever has the old link can no longer join with it.', yes: 'Replace it', act: make });
  });
  replace.prepend(icon('refresh', 'i--s'));
  replace.classList.add('btn--s');
  const end = button('Change end date', () => changeEnd(wires, ends_at, refresh), 'btn--s');
  const text = h(
    'div',
    { class: 'invite__t' },
    el.firstElementChild,
    words,
    link.el,
    alone ? aloneNote() : null,
    h('div', { class: 'blank__a' }, replace, end),
  );
  el.replaceChildren(text, qr);
  heading.classList.add('push');
  return {
    el,
    draw: ({ door, invite }) => {
      ends_at = invite?.ends_at ?? 0;
      const now = watch.now((s) => select.linkToHandOn({ ...s, server: s.server && { ...s.server, door } }, url, invite, clock.now()));
      say(words, whomItLetsIn(door, invite, wires));
      link.input.value = now ?? '';
      link.el.hidden = now === null;
      replace.lastChild?.replaceWith(invite ? 'Replace link' : 'Make an invite link');
      end.hidden = !invite;
      if (!alone) drawQr(qr, now, wires);
    },
  };
}

/** @param {Wires} wires @param {number} ends_at @param {() => Promise<void>} done */
function changeEnd({ call, clock }, ends_at, done) {
  const day = (/** @type {number} */ at) => {
    const date = new Date(at);
    return [date.getFullYear(), date.getMonth() + 1, date.getDate()].map((part) => String(part).padStart(2, '0')).join('-');
  };
  const now = clock.now();
  const input = h('input', { type: 'date', value: day(Math.max(ends_at, now)), min: day(now), max: day(now + 365 * DAY_MS), required: true, autofocus: true });
  const last = field('The last day it works', input);
  const form = h('form', { class: 'dlg__b', id: freshId('form'), novalidate: true }, last.el);
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    if (!input.value) return last.fail('Choose a day.');
    // The end of that day, in this time zone.
    const answer = await call('endInvite', new Date(`${input.value}T23:59:59`).getTime());
    if (!answer.ok) return last.fail(answer.title);
    close();
    await done();
  });
  const { close } = openDialog({
    title: 'When does the link end?',
    kind: 'dlg--s',
    body: [form],
    foot: [button('Cancel', () => close()), h('button', { type: 'submit', class: 'btn btn--main', form: form.id }, 'Save')],
  });
}

/** @type {[Door, string, string][]} */
const DOORS = [
  ['anyone', 'Anyone on this network', ''],
  ['invite', 'With the invite link', 'Recommended'],
  ['nobody', 'Nobody for now', ''],
];

/** @param {Wires} wires @param {Page} page @returns {Box} */
export function doorBox({ call }, { show, fail, refresh }) {
  const { el } = box('Who can sign up');
  const name = freshId('door');
  const inputs = DOORS.map(([door, words, hint]) => {
    const input = h('input', { type: 'radio', name, value: door });
    input.addEventListener('change', async () => {
      const answer = await call('editServer', { door });
      if (answer.ok) return show(answer.value);
      await refresh();
      fail(answer.title);
    });
    return { door, input, label: h('label', { class: 'choice' }, input, h('b', {}, words), hint && h('small', {}, hint)) };
  });
  el.append(h('fieldset', { class: 'trio' }, h('legend', { class: 'vh' }, 'Who can sign up'), ...inputs.map(({ label }) => label)));
  return {
    el,
    draw: (server) => {
      for (const { door, input } of inputs) input.checked = door === server.door;
    },
  };
}

/** @param {Wires} wires @param {Page} page @returns {Box} */
export function backupBox({ call, clock, times, watch }, { refresh, fail }) {
  const state = h('span', { class: 'ok' });
  const { el } = box('Backup', state);
  const when = h('p', { class: 'big' });
  const result = h('p', { class: 'hint', role: 'status' });
  const nights = h('p', { class: 'hint', role: 'status' });
  const folder = h('bdi', {});
  const where = h('p', { class: 'hint where' }, 'Kept in ', folder);
  const owner = watch.now((s) => s.me?.role === 'owner');
  let busy = false;
  let last = 0;
  const look = async () => {
    await refresh();
    if (busy) clock.set(look, LOOK_AGAIN_MS);
  };
  const start = async () => {
    if (busy) return;
    const answer = await call('mayBackUp');
    if (!answer.ok) return fail(answer.status === 507 ? 'There is not enough space on the disk of the server for a copy.' : backupWords(answer.status));
    busy = true;
    say(result, CREATING);
    // The browser downloads it itself, whatever its size.
    h('a', { href: '/api/backup', download: '' }).click();
    clock.set(look, LOOK_AGAIN_MS);
  };
  const act = h('button', { type: 'button', class: 'btn', onclick: start }, icon('disk', 'i--s'), 'Back up now');
  const only = h('p', { class: 'hint' }, 'Only the owner can download a backup, because it contains everything, including direct messages.');
  el.append(h('div', {}, when, result), owner ? act : only, nights, where);
  return {
    el,
    draw: ({ backup }) => {
      const now = clock.now();
      const latest = Math.max(backup.at ?? 0, backup.nightly?.at ?? 0) || undefined;
      const size = latest === backup.at ? backup.bytes : backup.nightly?.bytes;
      const { words, state: kind } = freshness(latest, now);
      const tonight = nightly(backup.nightly, (at) => times.moment(at, now));
      say(state, tonight.state === 'ok' ? words : 'Needs attention');
      mark(state, 'data-state', tonight.state === 'ok' ? kind : 'stale');
      say(nights, tonight.words);
      nights.className = tonight.state === 'ok' ? 'hint' : 'warn';
      say(folder, backup.nightly?.folder ?? '');
      where.hidden = !backup.nightly;
      say(when, latest === undefined ? 'No backup yet' : times.moment(latest, now));
      if ((backup.at ?? 0) !== last) busy = false;
      last = backup.at ?? 0;
      mark(act, 'aria-disabled', busy || backup.running ? 'true' : null);
      if (backup.running) say(result, CREATING);
      else if (!busy) say(result, size === undefined ? 'A full copy, made while people keep chatting.' : `${bytes(size)}, a full copy`);
    },
  };
}

/** The answer to a HEAD request has no text. @param {number} status */
const backupWords = (status) => (status === 409 ? 'A backup is already in progress.' : 'The backup could not be created. Try again in a moment.');

/** @param {Wires} wires @param {Page} page @returns {Box} */
export function factsBox(wires, { show }) {
  const { clock } = wires;
  const { el } = box('Server', h('span', { class: 'ok' }, 'Running'));
  const name = h('bdi', {});
  const rename = button('Rename', () => openRename(wires, name.textContent ?? '', show), 'btn--quiet btn--s');
  /** @param {string} word @param {import('../dom.js').Child} value */
  const fact = (word, value) => h('div', {}, h('dt', {}, word), h('dd', {}, value));
  const [up, address, connected, messages, files, version] = [h('span', {}), h('span', {}), h('span', {}), h('span', {}), h('span', {}), h('span', {})];
  const label = h('span', { class: 'lab', id: freshId('lab') }, 'Storage ');
  const used = h('span', { class: 'opt' });
  label.append(used);
  const meter = h('meter', { min: 0, max: 1, value: 0, 'aria-labelledby': label.id });
  const storage = h('div', { class: 'field' }, label, meter);
  el.append(
    h(
      'dl',
      { class: 'facts' },
      fact('Name', h('span', { class: 'inline' }, name, rename)),
      fact('Up for', up),
      fact('Address', address),
      fact('Connected', connected),
      fact('Messages', messages),
      fact('Files', files),
      fact('Version', version),
    ),
    storage,
  );
  const { address: own } = serverAddress(wires);
  return {
    el,
    draw: (server) => {
      say(name, server.name);
      say(up, duration(clock.now() - server.started_at));
      const all = server.addresses.length > 0 ? server.addresses : [own];
      const lines = all.flatMap((one, at) => [...(at > 0 ? [h('br', {})] : []), one]);
      if (address.dataset.lines !== all.join()) address.replaceChildren(...lines);
      address.dataset.lines = all.join();
      say(connected, `${server.connections} ${server.connections === 1 ? 'device' : 'devices'}`);
      say(messages, server.messages.toLocaleString('en'));
      say(files, `${bytes(server.files.bytes)} of ${bytes(server.files.bytes_max)}`);
      say(version, server.version);
      const { file_bytes: file, disk_bytes: disk } = server.storage;
      say(used, disk === undefined ? bytes(file) : `${bytes(file)} of ${bytes(disk)}`);
      mark(meter, 'max', String(disk ?? file));
      mark(meter, 'value', String(file));
    },
  };
}

/** @param {Wires} wires @param {string} present @param {(server: Server) => void} show */
function openRename({ call }, present, show) {
  const name = field('Name of this server', h('input', { value: present, autocomplete: 'off', dir: 'auto', autofocus: true }), {
    hint: 'Everybody sees it in the corner and on the sign-in pages.',
  });
  const form = h('form', { class: 'dlg__b', id: freshId('form'), novalidate: true }, name.el);
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const answer = await call('editServer', { name: name.input.value });
    if (!answer.ok) return name.fail(answer.title);
    close();
    show(answer.value);
  });
  const { close } = openDialog({
    title: 'Rename the server',
    kind: 'dlg--s',
    body: [form],
    foot: [button('Cancel', () => close()), h('button', { type: 'submit', class: 'btn btn--main', form: form.id }, 'Rename')],
  });
}
