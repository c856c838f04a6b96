// What acts and effects work on. Types only. The views among it are mounted last: acts reach them when they are done, not
// before.

/** @typedef {import('../view/wires.js').Wires} Wires */
/**
 * @typedef {object} Context
 * @property {import('../view/wires.js').Store} store
 * @property {typeof import('../state/select.js')} select
 * @property {import('../view/wires.js').Calls} api
 * @property {import('../net/socket.js').Socket} socket
 * @property {import('../lib/throttle.js').Clock} clock
 * @property {import('../account.js').Account | null} account null until the server has said who is logged in
 * @property {Wires} wires
 * @property {Wires['send']} send
 * @property {Wires['lazy']} lazy
 * @property {ReturnType<typeof import('../view/composer.js').mountComposer>} composer
 * @property {ReturnType<typeof import('../view/shell.js').mountShell>} shell
 * @property {ReturnType<typeof import('../view/toast.js').mountToasts>} toast
 * @property {typeof import('../view/dialog.js').confirm} confirm
 * @property {ReturnType<typeof import('../view/leave.js').mountLeave>} confirmLeave
 * @property {(at: HTMLElement, chosen: (emoji: string) => void) => void} pick
 * @property {typeof import('../view/dom.js').copy} copy
 * @property {() => import('../state/timeline.js').Spot | null} spot where the reader is among the messages
 * @property {() => void} signedOut leaves the page: the session is over
 */

export {};
