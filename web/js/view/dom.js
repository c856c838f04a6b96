// The few things views do to the page: clone a <template>, find its parts, patch a list by key.

/** @typedef {Record<string, HTMLElement>} Refs */

/** All elements with a data-ref, by its name. @param {ParentNode} root @returns {Refs} */
export function refs(root) {
  /** @type {Refs} */
  const found = {};
  for (const el of root.querySelectorAll('[data-ref]')) found[/** @type {HTMLElement} */ (el).dataset.ref ?? ''] ??= /** @type {HTMLElement} */ (el);
  return found;
}

/** @param {string} id of a <template> with one element in it */
export function clone(id) {
  const template = /** @type {HTMLTemplateElement} */ (document.getElementById(id));
  const copy = /** @type {DocumentFragment} */ (template.content.cloneNode(true));
  const el = /** @type {HTMLElement} */ (copy.firstElementChild);
  return { el, refs: refs(copy) };
}

/** An element that the page must have. @template {HTMLElement} [T=HTMLElement] @param {Refs} parts @param {string} name @returns {T} */
export function part(parts, name) {
  const el = parts[name];
  if (!el) throw new Error(`the page has no part "${name}"`);
  return /** @type {T} */ (el);
}

/** @template {HTMLElement} [T=HTMLElement] @param {string} id @returns {T} */
export function byId(id) {
  const el = document.getElementById(id);
  if (!el) throw new Error(`the page has no #${id}`);
  return /** @type {T} */ (el);
}

/** Writes only text that differs, so that selections and live regions are not disturbed. @param {HTMLElement} el @param {string} text */
export function say(el, text) {
  if (el.textContent !== text) el.textContent = text;
}

/** Sets, changes or (null) removes an attribute. @param {Element} el @param {string} name @param {string | null} value */
export function mark(el, name, value) {
  if (value === null) el.removeAttribute(name);
  else if (el.getAttribute(name) !== value) el.setAttribute(name, value);
}

/**
 * Makes the children of `parent` be exactly `items`, in order, moving and making as few as it can.
 * @template T, N
 * @param {HTMLElement} parent
 * @param {Map<string, {el: HTMLElement, node: N}>} held what was made before; the caller keeps it
 * @param {T[]} items
 * @param {{key: (item: T) => string, make: (item: T) => {el: HTMLElement, node: N}, update: (node: N, item: T) => void}} how
 */
export function patch(parent, held, items, { key, make, update }) {
  const wanted = new Set(items.map(key));
  for (const [k, { el }] of held) {
    if (wanted.has(k)) continue;
    el.remove();
    held.delete(k);
  }
  let next = parent.firstElementChild;
  for (const item of items) {
    const k = key(item);
    const known = held.get(k);
    const { el, node } = known ?? make(item);
    if (!known) held.set(k, { el, node });
    update(node, item);
    if (el === next) next = next.nextElementSibling;
    else parent.insertBefore(el, next);
  }
}

/** @typedef {Node | string | number | null | undefined | false} Child */

/**
 * An element: `on…` are listeners, `class` and the like attributes; null and false leave an attribute out.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, unknown>} [props]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function h(tag, props = {}, ...children) {
  const el = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === 'function') el.addEventListener(name.slice(2), /** @type {EventListener} */ (value));
    else el.setAttribute(name, value === true ? '' : String(value));
  }
  el.append(
    ...children.filter((child) => child !== null && child !== undefined && child !== false).map((child) => (child instanceof Node ? child : String(child))),
  );
  return el;
}

const SVG = 'http://www.w3.org/2000/svg';

/** Icons that point the other way where the script runs from right to left. */
const FLIPPED = /^(reply|forward|back|logout|send)$/;

/** An icon of the page's sprite. @param {string} name @param {string} [more] further classes */
export function icon(name, more = '') {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('class', `i ${FLIPPED.test(name) ? 'i--flip ' : ''}${more}`.trim());
  svg.setAttribute('aria-hidden', 'true');
  const use = document.createElementNS(SVG, 'use');
  use.setAttribute('href', `#i-${name}`);
  svg.append(use);
  return svg;
}

/** A button that is only an icon, with its name as a label and a tip. @param {string} name @param {string} label @param {() => void} act @param {Record<string, unknown>} [props] */
export const iconButton = (name, label, act, props = {}) =>
  h('button', { type: 'button', class: 'ib', 'aria-label': label, 'data-tip': label, onclick: act, ...props }, icon(name));

/** A search field with its icon. @param {HTMLInputElement} input */
export const searchBox = (input) => h('div', { class: 'inpbox inpbox--lead' }, icon('search', 'i--s'), input);

/** @param {string} words @param {() => void} act @param {string} [more] further classes @param {Record<string, unknown>} [props] */
export const button = (words, act, more = '', props = {}) => h('button', { type: 'button', class: `btn ${more}`.trim(), onclick: act, ...props }, words);

let ids = 0;
/** An id that no other element has. @param {string} prefix */
export const freshId = (prefix) => `${prefix}-${++ids}`;

/** Copies a text; the old way on plain http, where the clipboard API is missing. @param {string} value */
export async function copy(value) {
  try {
    await navigator.clipboard.writeText(value);
    return true;
  } catch {
    const back = document.activeElement;
    const box = document.createElement('textarea');
    box.value = value;
    box.readOnly = true;
    box.className = 'vh';
    (document.querySelector('dialog[open]') ?? document.body).append(box);
    box.select();
    const done = document.execCommand('copy');
    box.remove();
    if (back instanceof HTMLElement) back.focus();
    return done;
  }
}

/** Loads the style sheets of a template into the page; if one fails, removes all of them and rejects. @param {HTMLTemplateElement} template */
export async function loadSheets(template) {
  const links = [.../** @type {DocumentFragment} */ (template.content.cloneNode(true)).querySelectorAll('link')];
  const come = links.map((link) => new Promise((there, lost) => Object.assign(link, { onload: there, onerror: lost })));
  document.head.append(...links);
  try {
    await Promise.all(come);
  } catch (error) {
    for (const link of links) link.remove();
    throw error;
  }
}
