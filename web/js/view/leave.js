// The question before logging out with unsent messages.

import { part, refs, say } from './dom.js';

/**
 * Asks once when something has not been sent. @param {HTMLElement} root
 * @returns {(unsent: number) => Promise<boolean>}
 */
export function mountLeave(root) {
  const dialog = /** @type {HTMLDialogElement} */ (root);
  const title = part(refs(dialog), 'title');
  return (unsent) => {
    if (unsent === 0) return Promise.resolve(true);
    say(title, unsent === 1 ? '1 message has not been sent yet' : `${unsent} messages have not been sent yet`);
    dialog.returnValue = 'stay';
    dialog.showModal();
    title.focus();
    return new Promise((done) => {
      dialog.addEventListener('close', () => done(dialog.returnValue === 'leave'), { once: true });
    });
  };
}
