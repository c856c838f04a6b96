// A square of a picture, chosen by dragging and zooming, as a small file for the server.

import { openDialog } from '../dialog.js';
import { button, h } from '../dom.js';

const SIDE = 512;
const ZOOM_MAX = 4;
const STEP = 16;

/** @param {File} file @param {(picture: Blob) => void} chosen */
export async function openCropper(file, chosen) {
  /** @type {ImageBitmap | null} */
  const image = await createImageBitmap(file).catch(() => null);
  const canvas = h('canvas', {
    width: SIDE,
    height: SIDE,
    tabindex: 0,
    role: 'img',
    'aria-label': 'The part of the picture that others see. Move it with the arrow keys.',
  });
  const zoom = h('input', { type: 'range', min: 1, max: ZOOM_MAX, step: 0.05, value: 1, 'aria-label': 'Zoom' });
  const box = h('div', { class: 'crop' }, canvas);
  if (!image) {
    openDialog({
      title: 'This file is not a picture',
      kind: 'dlg--s',
      body: [h('div', { class: 'dlg__b' }, h('p', {}, 'This browser cannot show it. Choose a PNG or JPEG.'))],
    });
    return;
  }
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  let x = 0;
  let y = 0;
  const draw = () => {
    const scale = (SIDE / Math.min(image.width, image.height)) * Number(zoom.value);
    const [width, height] = [image.width * scale, image.height * scale];
    const bound = (/** @type {number} */ value, /** @type {number} */ size) => Math.max(-(size - SIDE) / 2, Math.min((size - SIDE) / 2, value));
    x = bound(x, width);
    y = bound(y, height);
    context.fillStyle = '#fff';
    context.fillRect(0, 0, SIDE, SIDE);
    context.drawImage(image, (SIDE - width) / 2 + x, (SIDE - height) / 2 + y, width, height);
  };
  canvas.addEventListener('pointerdown', (event) => {
    const ratio = SIDE / canvas.clientWidth;
    const from = { x: x - event.clientX * ratio, y: y - event.clientY * ratio };
    canvas.setPointerCapture(event.pointerId);
    const move = (/** @type {PointerEvent} */ at) => {
      x = from.x + at.clientX * ratio;
      y = from.y + at.clientY * ratio;
      draw();
    };
    canvas.addEventListener('pointermove', move);
    for (const name of ['pointerup', 'pointercancel']) canvas.addEventListener(name, () => canvas.removeEventListener('pointermove', move), { once: true });
  });
  canvas.addEventListener('keydown', (event) => {
    const step = { ArrowLeft: [STEP, 0], ArrowRight: [-STEP, 0], ArrowUp: [0, STEP], ArrowDown: [0, -STEP] }[event.key];
    if (!step) return;
    event.preventDefault();
    x += step[0] ?? 0;
    y += step[1] ?? 0;
    draw();
  });
  zoom.addEventListener('input', draw);
  const save = () => {
    canvas.toBlob(
      (blob) => {
        if (blob) chosen(blob);
        close();
      },
      'image/jpeg',
      0.92,
    );
  };
  const { close } = openDialog({
    title: 'Choose the part to show',
    kind: 'dlg--s',
    body: [h('div', { class: 'dlg__b' }, box, h('label', { class: 'field' }, h('span', { class: 'lab' }, 'Zoom'), zoom))],
    foot: [button('Cancel', () => close()), button('Use this picture', save, 'btn--main')],
  });
  draw();
}
