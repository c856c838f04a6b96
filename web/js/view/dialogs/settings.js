// Settings: saved as soon as they change, except for the name, the status and the password.

import { appearance, setAppearance } from '../../lib/appearance.js';
import { avatar } from '../avatar.js';
import { field, openDialog } from '../dialog.js';
import { button, h, icon, mark, say } from '../dom.js';
import { blockedPeople } from './blocked.js';
import { openCropper } from './cropper.js';

/** @typedef {import('../wires.js').Wires} Wires */

const COLORS = 8;
/** A section counts as current when its heading is this near to the top. */
const SECTION_AHEAD_PX = 80;
const HOUR_MINUTES = 60;
const QUIET_DEFAULT = { from: 22 * HOUR_MINUTES, to: 7 * HOUR_MINUTES };

/** @param {Wires} wires */
export function openSettings(wires) {
  const sections = [profile(wires), looks(), notifications(wires), blocked(wires), password(wires), devices(wires)];
  const links = sections.map(({ id, title, sign }, at) => h('li', {}, h('a', { href: `#${id}`, 'aria-current': at === 0 ? 'true' : null }, icon(sign), title)));
  const body = h('div', { class: 'set__b', tabindex: 0, role: 'region', 'aria-label': 'Settings content' }, ...sections.map(({ el }) => el));
  const nav = h('nav', { class: 'set__nav', 'aria-label': 'Settings sections' }, h('ul', { role: 'list' }, ...links));
  nav.addEventListener('click', (event) => {
    const link = /** @type {HTMLElement} */ (event.target).closest('a');
    if (!link) return;
    event.preventDefault();
    const section = body.querySelector(/** @type {string} */ (link.getAttribute('href')));
    section?.scrollIntoView();
    /** @type {HTMLElement | null | undefined} */ (section?.querySelector('h3'))?.focus({ preventScroll: true });
    current(link);
  });
  const current = (/** @type {Element} */ link) => {
    for (const one of nav.querySelectorAll('a')) mark(one, 'aria-current', one === link ? 'true' : null);
  };
  // The list follows the scroll position; at the very end the last section is current, however short it is.
  body.addEventListener('scroll', () => {
    const edge = body.getBoundingClientRect().top + SECTION_AHEAD_PX;
    const atEnd = body.scrollTop + body.clientHeight >= body.scrollHeight - 1;
    const at = atEnd ? sections.length - 1 : sections.findLastIndex(({ el }) => el.getBoundingClientRect().top <= edge);
    const link = nav.querySelector(`a[href="#${sections[Math.max(0, at)]?.id}"]`);
    if (link?.getAttribute('aria-current') !== 'true' && link) current(link);
  });
  openDialog({ title: 'Settings', kind: 'set dlg--tall', body: [h('div', { class: 'set__in' }, nav, body)] });
}

/** @param {string} id @param {string} title @param {string} sign @param {...import('../dom.js').Child} parts */
const section = (id, title, sign, ...parts) => ({
  id,
  title,
  sign,
  el: h('section', { class: 'set__s', id, 'aria-labelledby': `${id}-t` }, h('h3', { id: `${id}-t`, tabindex: -1 }, title), ...parts),
});

/** @param {Wires} wires */
function profile(wires) {
  const { call, select, send, text, watch } = wires;
  const [me, limits] = watch.now((s) => /** @type {const} */ ([s.me, s.limits]));
  let user = me ?? undefined;
  const picture = h('span', {});
  const remove = button('Remove', () => change(call('removeAvatar'), 'The picture was removed'), 'btn--s');
  const status = h('p', { class: 'hint', role: 'status' });
  const draw = () => {
    picture.replaceChildren(avatar(user, 'l'));
    remove.hidden = !user?.avatar;
  };
  const change = async (/** @type {Promise<import('../../net/api.js').Answer<import('../../net/wire.js').User>>} */ asked, /** @type {string} */ done) => {
    const answer = await asked;
    status.textContent = answer.ok ? done : answer.title;
    if (!answer.ok) return false;
    user = answer.value;
    send({ do: 'know', people: [user] });
    draw();
    return true;
  };
  const file = h('input', { type: 'file', accept: 'image/*', class: 'vh', 'aria-label': 'Choose a picture', tabindex: -1 });
  file.addEventListener('change', () => {
    const chosen = file.files?.[0];
    file.value = '';
    if (chosen) openCropper(chosen, (blob) => change(call('setAvatar', blob), 'The picture was saved'));
  });
  const name = field('Name others see', h('input', { value: user ? select.nameOf(user) : '', autocomplete: 'name', dir: 'auto' }), {
    hint: `People mention you as @${user?.name ?? ''}.`,
  });
  const line = field('Status', h('input', { value: user?.status ?? '', placeholder: 'At the lathe until 12', autocomplete: 'off', dir: 'auto' }), {
    optional: true,
  });
  const hues = h(
    'div',
    { class: 'hues', role: 'radiogroup', 'aria-label': 'Colour' },
    ...Array.from({ length: COLORS }, (_, color) => {
      const input = h('input', { type: 'radio', name: 'color', value: color, 'aria-label': `Colour ${color + 1}`, checked: (user?.color ?? 0) === color });
      input.addEventListener('change', () => change(call('editProfile', { color }), 'The colour was saved'));
      return h('label', {}, input, h('span', { class: 'av av--m', 'data-hue': color + 1, 'aria-hidden': 'true' }));
    }),
  );
  const form = h(
    'form',
    { class: 'field' },
    h('div', { class: 'two' }, name.el, line.el),
    h('div', {}, h('button', { type: 'submit', class: 'btn' }, 'Save name and status')),
  );
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    name.fail('');
    line.fail('');
    if (text.scalars(name.input.value.trim()) > (limits.display_name_chars_max ?? 64))
      return name.fail(`A name has at most ${limits.display_name_chars_max} characters.`);
    const answer = await call('editProfile', { display_name: name.input.value, status: line.input.value });
    if (!answer.ok) return (answer.field === 'status' ? line : name).fail(answer.title);
    for (const { input } of [name, line]) input.setAttribute('value', input.value);
    await change(Promise.resolve(answer), 'Saved');
  });
  draw();
  const upload = button('Upload a picture', () => file.click(), 'btn--s');
  return section(
    'set-profile',
    'Profile',
    'user',
    h(
      'div',
      { class: 'me-edit' },
      picture,
      h('div', {}, upload, ' ', remove, file, h('p', { class: 'hint' }, 'It is cut to a square here and made small on the server.')),
    ),
    h('div', { class: 'line' }, h('span', { class: 'lab' }, 'Colour'), hues),
    form,
    status,
  );
}

/** @param {string} name @param {string} label @param {[string, string][]} values @param {string} chosen @param {(value: string) => void} choose */
function segments(name, label, values, chosen, choose) {
  const group = h('div', { class: 'seg', role: 'radiogroup', 'aria-label': label });
  for (const [value, words] of values) {
    const input = h('input', { type: 'radio', name, value, checked: value === chosen });
    input.addEventListener('change', () => choose(value));
    group.append(h('label', {}, input, words));
  }
  return h('div', { class: 'line' }, h('span', { class: 'lab' }, label), group);
}

function looks() {
  const now = appearance();
  return section(
    'set-appearance',
    'Appearance',
    'monitor',
    segments(
      'theme',
      'Theme',
      [
        ['', 'System'],
        ['light', 'Light'],
        ['dark', 'Dark'],
      ],
      now.theme,
      (theme) => setAppearance({ theme }),
    ),
    segments(
      'text',
      'Text size',
      [
        ['s', 'S'],
        ['', 'M'],
        ['l', 'L'],
        ['xl', 'XL'],
      ],
      now.text,
      (text) => setAppearance({ text }),
    ),
    segments(
      'density',
      'Space between messages',
      [
        ['', 'Roomy'],
        ['compact', 'Compact'],
      ],
      now.density,
      (density) => setAppearance({ density }),
    ),
    segments(
      'direction',
      'Direction',
      [
        ['', 'Automatic'],
        ['ltr', 'Left to right'],
        ['rtl', 'Right to left'],
      ],
      now.direction,
      (direction) => setAppearance({ direction }),
    ),
    h('p', { class: 'hint' }, 'For this browser. Dates and times follow its language.'),
  );
}

/** @param {string} words @param {string} hint @param {boolean} on @param {(on: boolean) => void} change */
function toggle(words, hint, on, change) {
  const input = h('input', { type: 'checkbox', role: 'switch', checked: on });
  input.addEventListener('change', () => change(input.checked));
  return { el: h('label', { class: 'switch' }, h('span', {}, words), hint && h('small', {}, hint), input), input };
}

/** @param {number} minutes */
const clockOf = (minutes) => `${String(Math.floor(minutes / HOUR_MINUTES)).padStart(2, '0')}:${String(minutes % HOUR_MINUTES).padStart(2, '0')}`;
/** @param {string} text */
const minutesOf = (text) => {
  const [hours = 0, minutes = 0] = text.split(':').map(Number);
  return hours * HOUR_MINUTES + minutes;
};

/** @param {Wires} wires */
function notifications({ call, clock, send, watch }) {
  const settings = watch.now((s) => s.settings);
  const status = h('p', { class: 'err', role: 'alert', hidden: true });
  const save = async (/** @type {Partial<import('../../net/wire.js').Settings>} */ change) => {
    const answer = await call('editSettings', change);
    status.hidden = answer.ok;
    status.textContent = answer.ok ? '' : answer.title;
  };
  const can = 'Notification' in window && isSecureContext;
  const desktop = toggle(
    'Show desktop notifications',
    can
      ? 'Your browser asks once. Nothing leaves this network.'
      : 'Browsers allow them only over https or on this computer. Sounds, the count in the title and the dot on the icon still work.',
    can && Notification.permission === 'granted' && appearance().notify !== 'off',
    async (on) => {
      setAppearance({ notify: on ? '' : 'off' });
      if (on && Notification.permission !== 'granted') desktop.input.checked = (await Notification.requestPermission()) === 'granted';
    },
  );
  desktop.input.disabled = !can || Notification.permission === 'denied';
  const hours = settings?.dnd ?? QUIET_DEFAULT;
  const from = h('input', { type: 'time', class: 'inp', value: clockOf(hours.from), 'aria-label': 'Quiet from', required: true });
  const to = h('input', { type: 'time', class: 'inp', value: clockOf(hours.to), 'aria-label': 'Quiet until', required: true });
  const times = h('div', { class: 'two', hidden: !settings?.dnd }, from, to);
  const saveHours = () => from.value && to.value && save({ dnd: { from: minutesOf(from.value), to: minutesOf(to.value) } });
  from.addEventListener('change', saveHours);
  to.addEventListener('change', saveHours);
  const quiet = toggle('Quiet hours', 'No notifications and no sound in these hours. Everything still counts.', Boolean(settings?.dnd), (on) => {
    times.hidden = !on;
    save({ dnd: on ? { from: minutesOf(from.value), to: minutesOf(to.value) } : null });
  });
  const paused = () => watch.now((s) => (s.settings?.dnd_until ?? 0) > clock.now());
  const pause = button('', () => send({ do: 'pause', on: !paused() }), 'btn--s');
  const stop = watch(
    (s) => [s.settings],
    () => {
      if (pause.textContent !== '' && !pause.isConnected) return stop();
      say(pause, paused() ? 'Resume notifications' : 'Pause for an hour');
    },
  );
  return section(
    'set-notify',
    'Notifications',
    'bell',
    desktop.el,
    toggle('Play a sound', 'For what you are notified about.', settings?.sound ?? true, (sound) => save({ sound })).el,
    quiet.el,
    times,
    h('div', {}, pause),
    toggle('Let others see how far you have read', 'Without it, you do not see it of others in return.', settings?.share_read ?? true, (share_read) =>
      save({ share_read }),
    ).el,
    toggle('Read new messages to screen readers', '', settings?.announce ?? true, (announce) => save({ announce })).el,
    toggle('Single-key shortcuts on messages', 'R to reply, E to edit and so on', settings?.single_keys ?? true, (single_keys) => save({ single_keys })).el,
    status,
  );
}

/** @param {Wires} wires */
const blocked = (wires) => section('set-blocked', 'Blocked people', 'ban', ...blockedPeople(wires));

/** @param {Wires} wires */
function password({ call, send }) {
  const old = field('Current password', h('input', { type: 'password', autocomplete: 'current-password' }));
  const fresh = field('New password', h('input', { type: 'password', autocomplete: 'new-password' }), {
    hint: '8 characters or more. A few unrelated words work well. Changing it logs out every other device.',
  });
  const submit = h('button', { type: 'submit', class: 'btn' }, 'Change password');
  const form = h('form', { class: 'field', novalidate: true }, h('div', { class: 'two' }, old.el, fresh.el), h('div', {}, submit));
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    old.fail('');
    fresh.fail('');
    if (!old.input.value) return old.fail('Enter your current password.');
    submit.setAttribute('aria-disabled', 'true');
    const answer = await call('setPassword', old.input.value, fresh.input.value);
    submit.removeAttribute('aria-disabled');
    if (!answer.ok) return (answer.field === 'new_password' ? fresh : old).fail(answer.title);
    form.reset();
    send({ do: 'toast', words: 'Your password was changed. Other devices are logged out.' });
  });
  return section('set-password', 'Password', 'lock', form);
}

/** A name for a device, from its browser's user agent. @param {string} agent */
export function deviceName(agent) {
  const browser = [
    ['Edg/', 'Edge'],
    ['OPR/', 'Opera'],
    ['Firefox/', 'Firefox'],
    ['Chrome/', 'Chrome'],
    ['Safari/', 'Safari'],
  ].find(([sign]) => agent.includes(/** @type {string} */ (sign)))?.[1];
  const system = [
    ['iPhone', 'iPhone'],
    ['iPad', 'iPad'],
    ['Android', 'Android'],
    ['Windows', 'Windows'],
    ['Mac OS', 'Mac'],
    ['Linux', 'Linux'],
  ].find(([sign]) => agent.includes(/** @type {string} */ (sign)))?.[1];
  if (!browser) return agent.split(/[\s/]/)[0] || 'Another program';
  return system ? `${browser} on ${system}` : browser;
}

/** @param {Wires} wires */
function devices({ call, clock, send, times }) {
  const list = h('ul', { class: 'list', role: 'list' });
  const status = h('p', { class: 'hint', role: 'status' }, 'Loading');
  const read = async (done = '') => {
    const answer = await call('devices');
    status.textContent = answer.ok ? done : answer.title;
    if (!answer.ok) return;
    list.replaceChildren(
      ...answer.value.map(({ id, device, address, seen_at, current }) => {
        const end = async () => {
          const ended = await call('endDevice', id);
          if (ended.ok) read();
          else status.textContent = ended.title;
        };
        const name = deviceName(device);
        return h(
          'li',
          {},
          icon(/iPhone|Android|iPad/.test(device) ? 'phone' : 'monitor'),
          h('span', {}, h('b', {}, name), h('small', {}, `${address}, ${current ? 'now' : times.short(seen_at, clock.now())}`)),
          current ? h('span', { class: 'tag tag--accent' }, 'This device') : button('Log out', end, 'btn--s', { 'aria-label': `Log out ${name}` }),
        );
      }),
    );
  };
  const others = async () => {
    const answer = await call('endDevice');
    status.textContent = answer.ok ? 'All other devices are logged out.' : answer.title;
    if (answer.ok) read('All other devices are logged out.');
  };
  read();
  return section(
    'set-sessions',
    'Devices',
    'phone',
    list,
    status,
    h(
      'div',
      { class: 'acts-row' },
      button('Log out everywhere else', others, 'btn--danger'),
      button('Log out', () => send({ do: 'leave' })),
    ),
  );
}
