// Facts about a file: its size, kind and address, and how it is shown. Pure functions.

/** @typedef {import('../net/wire.js').FileInfo} FileInfo */

/** The longer side of a picture in the list, in CSS pixels. */
export const PICTURE_SIDE = 384;
/** A larger picture without a preview is shown as a card, so that it does not load in full. */
const PICTURE_PIXELS_MAX = 40_000_000;
const PICTURE_BYTES_MAX = 16 << 20;
const PICTURES = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/avif']);
const VIDEOS = new Set(['video/mp4', 'video/webm']);
const SOUNDS = new Set(['audio/mpeg', 'audio/ogg', 'audio/wav']);

/** "1.2 MB": powers of 1000, as file managers show them. @param {number} bytes */
export function sizeWords(bytes) {
  const units = ['bytes', 'kB', 'MB', 'GB'];
  let at = 0;
  let size = bytes;
  while (size >= 999.5 && at < units.length - 1) {
    size /= 1000;
    at += 1;
  }
  const shown = at > 0 && size < 9.95 ? size.toFixed(1).replace(/\.0$/, '') : String(Math.round(size));
  return at === 0 && bytes === 1 ? '1 byte' : `${shown} ${units[at]}`;
}

/** "2.4 of 3.1 MB" @param {number} sent @param {number} all */
export function partWords(sent, all) {
  const [now, whole] = [sizeWords(sent), sizeWords(all)];
  const unit = ` ${whole.split(' ')[1]}`;
  return `${now.endsWith(unit) ? now.slice(0, -unit.length) : now} of ${whole}`;
}

/** "PDF": what the name ends with, where that is short and plain. @param {string} name */
export const typeWords = (name) => /[^.]\.([a-z0-9]{1,5})$/i.exec(name)?.[1]?.toUpperCase() ?? 'File';

/** @param {{type: string, size: number, width?: number, height?: number, preview?: boolean}} file @returns {'picture' | 'video' | 'sound' | 'card'} */
export function shownAs({ type, size, width, height, preview }) {
  if (VIDEOS.has(type)) return 'video';
  if (SOUNDS.has(type)) return 'sound';
  const bounded = preview || (size <= PICTURE_BYTES_MAX && (width ?? Infinity) * (height ?? Infinity) <= PICTURE_PIXELS_MAX);
  return PICTURES.has(type) && width !== undefined && height !== undefined && bounded ? 'picture' : 'card';
}

/** The size at which a picture is drawn, so that its space is there before it loads. @param {number} width @param {number} height */
export function fitted(width, height, side = PICTURE_SIDE) {
  const scale = Math.min(1, side / width, side / height);
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

/** The name in the address is for saving; `preview` would mean something else there. @param {FileInfo} file */
export const fileUrl = ({ id, name }) => `/files/${id}/${encodeURIComponent(name === 'preview' ? 'file' : name)}`;

/** @param {FileInfo} file */
export const pictureUrl = (file) => (file.preview ? `/files/${file.id}/preview` : fileUrl(file));

/** A message's files in a few words, for a message without text. @param {{name: string, type: string}[]} files */
export function filesWords(files) {
  const [first] = files;
  if (!first) return '';
  const all = (/** @type {string} */ kind) => files.every(({ type }) => type.startsWith(`${kind}/`));
  const kind = all('image') ? 'Picture' : all('video') ? 'Video' : all('audio') ? 'Sound' : 'File';
  return files.length === 1 ? `${kind}: ${first.name}` : `${files.length} ${kind.toLowerCase()}s: ${first.name}…`;
}

/** Each file by itself, for screen readers. @param {{name: string, type: string, size: number}[]} files */
export const filesNamed = (files) => files.map((file) => `${filesWords([file])}, ${sizeWords(file.size)}`).join('; ');
