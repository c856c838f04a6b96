// Checks the pages as the server would send them: with their partials, and with every {{placeholder}} filled.

import { readdir, readFile } from 'node:fs/promises';
import { HtmlValidate } from 'html-validate';

const web = new URL('../../web/', import.meta.url);
const values = {
  assets: '/-/0123456789abcdef',
  server: 'Chapp',
  version: '0.0.0',
  address: 'localhost:8080',
  name: '',
  error: 'That name and password do not match.',
  hidden: '',
  invalid: 'true',
  invite: 'k7q2-wren-h5xd-m8tf',
  code: 'k7q2-wren-h5xd-m8tf',
  closed: 'Nobody can sign up here for now.',
  closed_hidden: '',
  form_hidden: '',
  code_hidden: '',
  name_hidden: '',
};
const validator = new HtmlValidate(JSON.parse(await readFile(new URL('.htmlvalidate.json', import.meta.url), 'utf8')));
let bad = 0;

/** @type {Record<string, string>} */
const partials = {};
for (const file of await readdir(new URL('partials/', web))) {
  partials[file.replace('.html', '')] = (await readFile(new URL(`partials/${file}`, web), 'utf8')).trimEnd();
}

for (const file of (await readdir(web)).filter((name) => name.endsWith('.html'))) {
  const page = (await readFile(new URL(file, web), 'utf8'))
    .replace(/\{\{> ([\w-]+)\}\}/g, (whole, name) => partials[name] ?? whole)
    .replace(/\{\{(\w+)\}\}/g, (whole, name) => values[name] ?? whole);
  const report = await validator.validateString(page, file);
  for (const { messages } of report.results) {
    for (const { line, column, message, ruleId } of messages) {
      bad += 1;
      console.error(`web/${file}:${line}:${column} ${message} (${ruleId})`);
    }
  }
  const left = page.match(/\{\{.*?\}\}/g);
  if (left) {
    bad += 1;
    console.error(`web/${file}: unknown placeholder ${left[0]}`);
  }
}
process.exitCode = bad > 0 ? 1 : 0;
