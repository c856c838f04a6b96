// The address at which others reach this server, also as a QR code.

/** @typedef {import('./wires.js').Wires} Wires */

const SVG = 'http://www.w3.org/2000/svg';
/** Light modules around the code (ISO/IEC 18004). */
const QUIET = 4;
/** A whole number of pixels for each module, or its edges blur. */
const MODULE_PX = 4;

/** The address at which others reach this server. @param {Wires} wires */
export function serverAddress({ watch, select, text }) {
  const { host, origin } = location;
  return watch.now((s) => select.invitation(s, { host, origin, alone: text.onlyHere(host) }));
}

/** How to let the network in. */
export const listenFlag = () => `--listen 0.0.0.0:${location.port || '4280'}`;

/** A link as a QR code, always dark on white; nothing if it could not be made. @param {string} link @param {Wires} wires */
async function qrCode(link, { call }) {
  const answer = await call('qr', link);
  if (!answer.ok) return null;
  const side = answer.value.size + 2 * QUIET;
  const svg = document.createElementNS(SVG, 'svg');
  for (const [name, value] of Object.entries({
    class: 'qr',
    width: String(side * MODULE_PX),
    height: String(side * MODULE_PX),
    viewBox: `${-QUIET} ${-QUIET} ${side} ${side}`,
    role: 'img',
    'aria-label': `QR code for ${link}`,
  }))
    svg.setAttribute(name, value);
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('fill', 'currentColor');
  path.setAttribute('d', answer.value.path);
  svg.append(path);
  return svg;
}

/** Draws the code of a link into a box, once for each link. @param {HTMLElement} box @param {string | null} link @param {Wires} wires */
export async function drawQr(box, link, wires) {
  if ((box.dataset.link ?? null) === link) return;
  if (link === null) delete box.dataset.link;
  else box.dataset.link = link;
  const svg = link && (await qrCode(link, wires));
  if ((box.dataset.link ?? null) !== link) return;
  box.replaceChildren(...(svg ? [svg] : []));
  box.hidden = !svg;
}
