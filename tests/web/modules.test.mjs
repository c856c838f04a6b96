// Module imports: no cycles, and the pages preload what they need. Type imports do not count.

import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { posix } from 'node:path';
import { test } from 'node:test';

const WEB = new URL('../../web/', import.meta.url);

/** @typedef {{now: string[], lazy: string[]}} Imports `lazy`: by `import()` */

/** @param {string} name @param {string} source @returns {Imports} */
function importsOf(name, source) {
  const code = source.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
  const found = (/** @type {RegExp} */ form) => [...code.matchAll(form)].map(([, path]) => posix.join(posix.dirname(name), path ?? ''));
  return { now: found(/^(?:import|export)\s(?:[^;]*?\sfrom\s)?'(\.[^']*)'/gm), lazy: found(/\bimport\('(\.[^']*)'\)/g) };
}

/** @param {(name: string) => string[]} next @param {string[]} names @returns {string[] | null} the modules of a circle, from one of them back to itself */
function circleIn(next, names) {
  const finished = new Set();
  /** @param {string} name @param {string[]} path @returns {string[] | null} */
  const walk = (name, path) => {
    if (path.includes(name)) return [...path.slice(path.indexOf(name)), name];
    if (finished.has(name)) return null;
    for (const other of next(name)) {
      const circle = walk(other, [...path, name]);
      if (circle) return circle;
    }
    finished.add(name);
    return null;
  };
  for (const name of names) {
    const circle = walk(name, []);
    if (circle) return circle;
  }
  return null;
}

/** @type {Map<string, Imports>} */
const modules = new Map();
for (const file of (await readdir(new URL('js', WEB), { recursive: true })).filter((file) => file.endsWith('.js')).sort()) {
  const name = `js/${file.replaceAll('\\', '/')}`;
  modules.set(name, importsOf(name, await readFile(new URL(name, WEB), 'utf8')));
}

/** What a module needs before it runs, without itself. @param {string} entry */
function needs(entry) {
  const found = new Set();
  const add = (/** @type {string} */ name) => {
    for (const other of modules.get(name)?.now ?? []) {
      if (found.has(other)) continue;
      found.add(other);
      add(other);
    }
  };
  add(entry);
  return found;
}

test('no module imports itself by way of others', () => {
  const all = [...modules.keys()];
  assert.ok(all.length > 50);
  for (const [name, { now, lazy }] of modules) for (const other of [...now, ...lazy]) assert.ok(modules.has(other), `${name} imports ${other}`);
  const circle = circleIn((name) => [...(modules.get(name)?.now ?? []), ...(modules.get(name)?.lazy ?? [])], all);
  assert.equal(circle?.join(' → '), undefined);
});

test('a circle would be found, of whatever forms its imports are', () => {
  const sources = {
    'js/main.js': "import { a } from './view/a.js';\n",
    'js/view/a.js': "/** @typedef {import('../main.js').A} A */\n// import './b.js'\nexport {\n  b,\n} from '../lib/b.js';\n",
    'js/lib/b.js': "import './c.js';\nexport const b = 1;\n",
    'js/lib/c.js': "export const load = () => import('../view/a.js');\n",
  };
  const graph = new Map(Object.entries(sources).map(([name, source]) => [name, importsOf(name, source)]));
  const next = (/** @type {string} */ name) => [...(graph.get(name)?.now ?? []), ...(graph.get(name)?.lazy ?? [])];
  assert.deepEqual(circleIn(next, [...graph.keys()]), ['js/view/a.js', 'js/lib/b.js', 'js/lib/c.js', 'js/view/a.js']);
  graph.set('js/lib/c.js', { now: [], lazy: [] });
  assert.equal(circleIn(next, [...graph.keys()]), null, 'types and comments are no imports');
});

test('the page preloads what its first script needs, and the lazy part what it needs beside that', async () => {
  const page = await readFile(new URL('index.html', WEB), 'utf8');
  const [first = '', lazy = ''] = [page.replace(/<template id="lazy">[\s\S]*?<\/template>/, ''), page.match(/<template id="lazy">[\s\S]*?<\/template>/)?.[0]];
  const preloaded = (/** @type {string} */ html) => [...html.matchAll(/<link rel="modulepreload" href="\{\{assets\}\}\/([^"]*)"/g)].map(([, name]) => name);
  const atOnce = needs('js/main.js');
  assert.deepEqual(preloaded(first), [...atOnce].sort());
  const later = [...needs('js/lazy.js'), 'js/lazy.js'].filter((name) => !atOnce.has(name));
  assert.deepEqual(preloaded(lazy), later.sort());
});
