// The pages before the chat: log-in, sign-up, a new password. They work without this file. It takes the code out of a
// link, shows the password, rates it, and shows errors in place.

import { NAME_CHARS_MAX, PASSWORD_CHARS_MAX, PASSWORD_CHARS_MIN, scalars, strength } from './lib/text.js';
import { ask, done, enter, posted } from './net/api.js';

/** @template {HTMLElement} T @param {string} name @returns {T | null} */
const find = (name) => document.querySelector(`[data-ref="${name}"]`);
const form = /** @type {HTMLFormElement} */ (find('form'));
const alertBox = /** @type {HTMLElement} */ (find('alert'));
const error = /** @type {HTMLElement} */ (find('error'));
const submit = /** @type {HTMLButtonElement} */ (find('submit'));
const reveal = /** @type {HTMLButtonElement} */ (find('reveal'));
const name = /** @type {HTMLInputElement} */ (form.elements.namedItem('name'));
const password = /** @type {HTMLInputElement} */ (form.elements.namedItem('password'));
const act = form.action.endsWith('/signup') ? 'signup' : form.action.endsWith('/reset') ? 'reset' : 'login';
/** The code in the link, on the pages that a link leads to. */
const code = /** @type {HTMLInputElement | null} */ (form.elements.namedItem('invite') ?? form.elements.namedItem('code'));
const codeField = find('code');
const inputs = [code, name, password].filter((input) => input !== null);
/** @param {HTMLInputElement} input */
const isShown = (input) => input.type !== 'hidden' && (input !== code || !codeField?.hidden);

reveal.hidden = false;
reveal.addEventListener('click', () => {
  const shown = password.type === 'text';
  password.type = shown ? 'password' : 'text';
  reveal.setAttribute('aria-pressed', String(!shown));
});

const meter = find('meter');
const words = find('strength');
if (meter && words) {
  meter.hidden = false;
  const rate = () => {
    const { score, words: sentence } = strength(password.value, name.value);
    meter.dataset.score = String(score);
    if (words.textContent !== sentence) words.textContent = sentence;
  };
  form.addEventListener('input', rate);
  rate();
}

/** @param {string} title @param {string} [field] the one that was wrong; without it, any may be */
function refuse(title, field) {
  error.textContent = title;
  alertBox.hidden = title === '';
  // A newer link may have been sent in place of an expired one.
  if (field === 'invite' && codeField) codeField.hidden = false;
  const shown = inputs.filter(isShown);
  for (const input of inputs) input.setAttribute('aria-invalid', String(title !== '' && (!field || field === input.name)));
  if (title) (shown.find((input) => input.name === field) ?? shown[0])?.focus();
}

/** Moves the code from the address into the form: out of the browser's history, but kept through a reload. */
function takeCode() {
  if (!code || !codeField) return;
  // Another link was followed while this page was open.
  addEventListener('hashchange', () => location.reload());
  const taken = location.hash.slice(1) || history.state?.code || code.value;
  if (!taken) return;
  code.value = taken;
  codeField.hidden = true;
  history.replaceState({ code: taken }, '', act === 'reset' ? '/reset' : '/join');
  // As it came with the page, where the address had it for the server to see.
  if (!code.defaultValue) check(taken);
}

/** Shows what the link is for, or that it has expired, before anything is typed. The server checks again. @param {string} taken */
async function check(taken) {
  const answer =
    act === 'reset'
      ? await ask('/api/reset/check', posted({ code: taken }), (body) => String(body?.name ?? ''))
      : await ask('/api/signup/check', posted({ invite: taken }), done);
  if (answer.ok && typeof answer.value === 'string') {
    name.value = answer.value;
    const whose = /** @type {HTMLElement} */ (find('whose'));
    /** @type {HTMLElement} */ (whose.querySelector('bdi')).textContent = answer.value;
    whose.hidden = false;
  }
  if (answer.ok || (answer.status !== 403 && answer.status !== 404)) return;
  const closed = /** @type {HTMLElement} */ (find('closed'));
  /** @type {HTMLElement} */ (closed.querySelector('p')).textContent = answer.title;
  closed.hidden = false;
  form.hidden = true;
  /** @type {HTMLElement} */ (find('lead')).hidden = true;
}

/** What can be checked here. The server decides. @returns {[title: string, field: string] | null} */
function mistake() {
  if (code && isShown(code) && code.value.trim() === '') return ['Enter the code from your link.', code.name];
  if (isShown(name) && name.value.trim() === '') return ['Write your name.', 'name'];
  if (password.value === '') return ['Write your password.', 'password'];
  if (act === 'login') return null;
  if (scalars(name.value.trim()) > NAME_CHARS_MAX) return [`A name has ${NAME_CHARS_MAX} characters at most.`, 'name'];
  const length = scalars(password.value);
  if (length < PASSWORD_CHARS_MIN) return [`A password has ${PASSWORD_CHARS_MIN} characters or more.`, 'password'];
  if (length > PASSWORD_CHARS_MAX) return [`A password has ${PASSWORD_CHARS_MAX} characters at most.`, 'password'];
  return null;
}

/** @param {boolean} on */
function busy(on) {
  submit.setAttribute('aria-disabled', String(on));
  form.setAttribute('aria-busy', String(on));
}

takeCode();

// On a touch screen, the focus would bring up a keyboard over the page.
if (matchMedia('(pointer: fine)').matches && !form.querySelector('[aria-invalid="true"]')) {
  inputs.find((input) => isShown(input) && input.value === '')?.focus();
}

form.noValidate = true;
form.addEventListener('submit', async (event) => {
  event.preventDefault();
  if (submit.getAttribute('aria-disabled') === 'true') return;
  const wrong = mistake();
  if (wrong) return refuse(...wrong);
  busy(true);
  const shown = code?.value ? { [code.name]: code.value } : {};
  const asked = { password: password.value, ...(act === 'reset' ? {} : { name: name.value }), ...shown };
  const answer = await enter(act, asked);
  if (answer.ok) return location.replace('/');
  busy(false);
  if (answer.field || answer.status === 401) return refuse(answer.title, answer.field);
  // Too many tries, or no answer at all: the fields are not to blame.
  refuse('');
  error.textContent = answer.title;
  alertBox.hidden = false;
});
