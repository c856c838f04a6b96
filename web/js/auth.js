// The pages before the door. They work without this file: it shows the password, says how good it is,
// and answers in place when something was wrong.

import { NAME_CHARS_MAX, PASSWORD_CHARS_MAX, PASSWORD_CHARS_MIN, scalars, strength } from './lib/text.js';
import { enter } from './net/api.js';

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
const invite = /** @type {HTMLInputElement | null} */ (form.elements.namedItem('invite'));
const code = /** @type {HTMLInputElement | null} */ (form.elements.namedItem('code'));

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

/** @param {string} title @param {string} [field] the one that was wrong; without it, both may be */
function refuse(title, field) {
  error.textContent = title;
  alertBox.hidden = title === '';
  for (const input of [name, password]) input.setAttribute('aria-invalid', String(title !== '' && (!field || field === input.name)));
  if (title) (field === 'password' ? password : name).focus();
}

/** What we can tell without asking. The server decides. @returns {[title: string, field: string] | null} */
function mistake() {
  if (name.value.trim() === '') return ['Write your name.', 'name'];
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

// A touch would bring up a keyboard over the page.
if (matchMedia('(pointer: fine)').matches && !form.querySelector('[aria-invalid="true"]')) [name, password].find((input) => input.value === '')?.focus();

form.noValidate = true;
form.addEventListener('submit', async (event) => {
  event.preventDefault();
  if (submit.getAttribute('aria-disabled') === 'true') return;
  const wrong = mistake();
  if (wrong) return refuse(...wrong);
  busy(true);
  const asked = code
    ? { code: code.value, password: password.value }
    : { name: name.value, password: password.value, ...(invite?.value ? { invite: invite.value } : {}) };
  const answer = await enter(act, asked);
  if (answer.ok) return location.replace('/');
  busy(false);
  if (answer.field || answer.status === 401) return refuse(answer.title, answer.field);
  // Too many tries, or no answer at all: the fields are not to blame.
  refuse('');
  error.textContent = answer.title;
  alertBox.hidden = false;
});
