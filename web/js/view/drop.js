// Files dragged over the conversation: shows where they will go before they are dropped.

import { h, icon } from './dom.js';

/** @param {HTMLElement} main @param {import('./wires.js').Wires} wires */
export function mountDrop(main, { send, watch, select }) {
  const sign = h('div', { class: 'drop', hidden: true }, h('p', {}, icon('upload'), 'Drop files to add them to your message'));
  main.append(sign);

  /** @param {DragEvent} event */
  const brings = (event) => event.dataTransfer?.types.includes('Files') === true;
  const hide = () => {
    sign.hidden = true;
  };
  addEventListener('dragover', (event) => {
    if (!brings(event) || !event.dataTransfer) return;
    // A file dropped elsewhere would replace the page.
    event.preventDefault();
    const here = main.contains(/** @type {Node} */ (event.target)) && !document.querySelector('dialog[open]') && !watch.now(select.closed);
    event.dataTransfer.dropEffect = here ? 'copy' : 'none';
    sign.hidden = !here;
  });
  addEventListener('dragleave', (event) => {
    if (event.relatedTarget === null) hide();
  });
  addEventListener('dragend', hide);
  addEventListener('drop', (event) => {
    if (!brings(event)) return;
    event.preventDefault();
    const here = !sign.hidden;
    hide();
    if (!here) return;
    const { files, folders } = dropped(event);
    if (folders > 0) send({ do: 'toast', words: 'A folder cannot be added. Put it into one file, such as a ZIP.' });
    send({ do: 'attach', files });
  });
}

/** @param {DragEvent} event */
function dropped(event) {
  const items = [...(event.dataTransfer?.items ?? [])].filter((item) => item.kind === 'file');
  const folders = items.filter((item) => item.webkitGetAsEntry?.()?.isDirectory).length;
  const files =
    folders > 0 ? items.filter((item) => !item.webkitGetAsEntry?.()?.isDirectory).map((item) => item.getAsFile()) : [...(event.dataTransfer?.files ?? [])];
  return { files: files.filter((file) => file !== null), folders };
}
