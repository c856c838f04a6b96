// What people do about rooms and each other: arrange, leave, create and restore rooms; block people, pause notifications.

import { LOBBY } from '../state/state.js';

/** @typedef {import('./context.js').Context} Context */

const PAUSE_MS = 60 * 60_000;

/** @param {Context} c */
export function arrangingActs(c) {
  const { store, api } = c;
  /** @param {Promise<{ok: boolean, title?: string}>} asked @param {string} [done] */
  const report = async (asked, done) => {
    const answer = await asked;
    if (!answer.ok) c.toast.refuse(answer.title ?? '');
    else if (done) c.toast(done);
    return answer.ok;
  };

  return {
    /** @param {{room: number, notify?: string, favourite?: boolean, hidden?: boolean}} act */
    prefs({ room, notify, favourite, hidden }) {
      report(
        api.arrangeRoom(room, {
          ...(notify === undefined ? {} : { notify }),
          ...(favourite === undefined ? {} : { favourite }),
          ...(hidden === undefined ? {} : { hidden }),
        }),
      );
      if (hidden && room === store.state.view.room) c.send({ do: 'open', room: LOBBY });
    },
    /** @param {{users: number[]}} act */
    async direct({ users }) {
      const answer = await api.createRoom({ kind: 'direct', members: users });
      if (!answer.ok) return c.toast.refuse(answer.title);
      c.send({ do: 'entered', room: answer.value });
    },
    /** @param {{room: number, name: string}} act */
    leaveRoom({ room, name }) {
      const held = store.state.rooms[room];
      const words = held?.kind === 'private' ? 'You can only come back when somebody in it adds you.' : 'You can join again whenever you like.';
      c.confirm({ title: `Leave #${name}?`, words, yes: 'Leave', danger: true, act: () => report(api.leaveRoom(room), `You left #${name}`) });
    },
    /** @param {{room: number}} act */
    restore({ room }) {
      report(api.editRoom(room, { archived: false }), 'The room is open again');
    },
    /** @param {{user: number, on: boolean, name: string}} act */
    async block({ user, on, name }) {
      const answer = await api.block(user, on);
      if (!answer.ok) return c.toast.refuse(answer.title);
      const undo = { words: 'Undo', act: () => c.send({ do: 'block', user, on: false, name }) };
      c.toast(on ? `${name} is blocked` : `${name} is no longer blocked`, on ? undo : undefined);
    },
    /** @param {{on: boolean}} act */
    async pause({ on }) {
      const answer = await api.editSettings({ dnd_until: on ? c.clock.now() + PAUSE_MS : 0 });
      if (!answer.ok) return c.toast.refuse(answer.title);
      const resume = { words: 'Resume', act: () => c.send({ do: 'pause', on: false }) };
      c.toast(on ? 'No notifications for an hour' : 'Notifications are on again', on ? resume : undefined);
    },
  };
}
