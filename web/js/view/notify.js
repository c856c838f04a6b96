// Notifications of messages while the reader looks elsewhere: on the desktop where the browser allows it, and a sound.
// Of several tabs, one notifies.

import { appearance } from '../lib/appearance.js';
import { attempt } from '../lib/attempt.js';

const LEADER_KEY = 'chapp:leader';
const LEADER_MS = 5000;
const TEXT_CHARS_MAX = 160;
const SOUND_EVERY_MS = 1500;

/** Whether the room's setting lets this message notify. @param {import('../net/wire.js').Room} room @param {boolean} forMe */
export const isLoud = (room, forMe) => room.notify === 'all' || (room.notify === 'mentions' && forMe) || (room.notify === undefined && forMe);

/** @param {import('./wires.js').Wires & {tab: string}} wires */
export function mountNotify({ watch, select, send, text, clock, tab }) {
  /** @type {AudioContext | null} */
  let audio = null;
  let sounded = 0;

  // The tab that was used last notifies; when it is gone, the first to notice takes over.
  const lead = () => attempt(() => localStorage.setItem(LEADER_KEY, JSON.stringify({ tab, at: clock.now() })));
  const leads = () => {
    try {
      const { tab: who, at } = JSON.parse(localStorage.getItem(LEADER_KEY) ?? '{}');
      if (who === tab) return true;
      if (clock.now() - (Number(at) || 0) < LEADER_MS) return false;
      lead();
      return true;
    } catch {
      return true;
    }
  };
  const beat = () => {
    if (leads()) lead();
    clock.set(beat, LEADER_MS / 2);
  };
  addEventListener('focus', lead);
  beat();

  const beep = () => {
    if (clock.now() - sounded < SOUND_EVERY_MS) return;
    sounded = clock.now();
    try {
      audio ??= new AudioContext();
      const [tone, gain] = [audio.createOscillator(), audio.createGain()];
      const start = audio.currentTime;
      tone.frequency.setValueAtTime(660, start);
      tone.frequency.setValueAtTime(880, start + 0.09);
      gain.gain.setValueAtTime(0.0001, start);
      gain.gain.exponentialRampToValueAtTime(0.12, start + 0.02);
      gain.gain.exponentialRampToValueAtTime(0.0001, start + 0.28);
      tone.connect(gain).connect(audio.destination);
      tone.start(start);
      tone.stop(start + 0.3);
    } catch {
      // No sound on this machine, or not before the reader's first click.
    }
  };

  /** @param {import('../net/wire.js').MessageFrame} frame @param {import('../state/state.js').State} before the frame */
  return (frame, before) => {
    const state = watch.now((s) => s);
    const room = state.rooms[frame.room];
    const { message } = frame;
    const isNew = frame.seq === message.id && frame.seq > (before.rooms[frame.room]?.head ?? 0);
    if (!room || !isNew || message.event || message.author === state.me?.id || state.blocked.includes(message.author)) return;
    const looking = state.view.attentive && state.view.page === null && state.view.room === frame.room && state.view.following;
    if (looking || !isLoud(room, select.isForMe(state, message))) return;
    const now = new Date(clock.now());
    if (select.quietUntil(state.settings, clock.now(), now.getHours() * 60 + now.getMinutes()) || !leads()) return;
    if (state.settings?.sound !== false) beep();
    if (state.view.attentive || !('Notification' in window) || Notification.permission !== 'granted' || appearance().notify === 'off') return;
    const who = select.nameOf(state.people[message.author]);
    const title = room.kind === 'direct' ? who : `${who} in #${room.name}`;
    const shown = new Notification(title, { body: text.oneLine(text.wordsOf(message), TEXT_CHARS_MAX), tag: `chapp:${frame.room}` });
    shown.onclick = () => {
      window.focus();
      send({ do: 'open', room: frame.room, id: message.id });
      shown.close();
    };
  };
}
