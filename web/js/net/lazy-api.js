// The calls over plain HTTP that only the lazy part makes.

import { ask, done, oneServer, queryOf } from './api.js';
import { decodeRoom, decodeUser, hasLists } from './wire.js';

/** @template T @typedef {import('./api.js').Answer<T>} Answer */
/** @typedef {import('./api.js').User} User */
/** @typedef {import('./api.js').Message} Message */
/** @typedef {import('./api.js').PeoplePage} PeoplePage */
/** @typedef {import('./api.js').Invite} Invite */
/** @typedef {{members: {user: User, role: string}[], more: boolean}} MembersPage */
/** @typedef {{saved: {room: number, message: Message, saved_at: number}[], people: User[], next?: number}} SavedPage */
/** @typedef {{id: number, kind: string, name: string, topic: string, archived: boolean, member_count: number, joined: boolean}} Listing */
/** @typedef {{rooms: Listing[], next?: number}} ListingsPage */
/** @typedef {{id: string, device: string, address: string, created_at: number, seen_at: number, current: boolean}} Device */

/** @param {string} method @param {unknown} [body] @returns {RequestInit} */
const withJson = (method, body) => (body === undefined ? { method } : { method, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
/** @param {any} body */
const oneUser = (body) => decodeUser(body?.user);
/** @param {any} body */
const oneRoom = (body) => decodeRoom(body?.room);

/** @param {string} q @param {number} [before] @param {number} [limit] */
export const people = (q, before, limit = 100) =>
  ask(`/api/people?${queryOf({ q, before, limit })}`, {}, (body) => (hasLists(body, { people: true }) ? /** @type {PeoplePage} */ (body) : null));

/** A page of the public rooms, or of those that match `q`. @param {string} [q] @param {number} [after] */
export const browse = (q, after) =>
  ask(`/api/rooms?${queryOf({ browse: 1, q, after })}`, {}, (body) => (Array.isArray(body?.rooms) ? /** @type {ListingsPage} */ (body) : null));

/** @param {{kind: string, name?: string, topic?: string, members?: number[]}} plan */
export const createRoom = (plan) => ask('/api/rooms', withJson('POST', plan), oneRoom);

/** @param {number} room @param {{name?: string, topic?: string, archived?: boolean}} change */
export const editRoom = (room, change) => ask(`/api/rooms/${room}`, withJson('PATCH', change), oneRoom);

/** @param {number} room @param {{notify?: string, favourite?: boolean, hidden?: boolean}} prefs */
export const arrangeRoom = (room, prefs) => ask(`/api/rooms/${room}/me`, withJson('PUT', prefs), oneRoom);

/** @param {number} room */
export const joinRoom = (room) => ask(`/api/rooms/${room}/join`, withJson('POST'), oneRoom);

/** @param {number} room */
export const leaveRoom = (room) => ask(`/api/rooms/${room}/leave`, withJson('POST'), done);

/** @param {number} room @param {string} q @param {number} [before] @param {number} [limit] */
export const members = (room, q, before, limit = 100) =>
  ask(`/api/rooms/${room}/members?${queryOf({ q, before, limit })}`, {}, (body) => (Array.isArray(body?.members) ? /** @type {MembersPage} */ (body) : null));

/** @param {number} room @param {number} user @param {string} [role] */
export const setMember = (room, user, role) => ask(`/api/rooms/${room}/members/${user}`, withJson('PUT', role === undefined ? undefined : { role }), done);

/** @param {number} room @param {number} user */
export const removeMember = (room, user) => ask(`/api/rooms/${room}/members/${user}`, withJson('DELETE'), done);

/** @param {number} [before] */
export const saved = (before) =>
  ask(`/api/me/saved?${queryOf({ before, limit: 50 })}`, {}, (body) => (Array.isArray(body?.saved) ? /** @type {SavedPage} */ (body) : null));

/** @typedef {{room: number, message: Message, marks: [number, number][]}} Hit */
/** @typedef {{hits: Hit[], people: User[], next?: number}} SearchPage */

/** @param {{q: string, room?: number | undefined, author?: number | undefined, since?: number | undefined, files?: number | undefined, before?: number | undefined, limit: number}} asked */
export const search = (asked) =>
  ask(`/api/search?${queryOf(asked)}`, {}, (body) => (Array.isArray(body?.hits) && Array.isArray(body?.people) ? /** @type {SearchPage} */ (body) : null));

/** @param {{display_name?: string, status?: string, color?: number}} profile */
export const editProfile = (profile) => ask('/api/me', withJson('PATCH', profile), oneUser);

/** @param {Partial<import('./wire.js').Settings>} settings */
export const editSettings = (settings) =>
  ask('/api/me/settings', withJson('PUT', settings), (body) => /** @type {import('./wire.js').Settings | null} */ (body?.settings ?? null));

/** @param {Blob} picture */
export const setAvatar = (picture) => ask('/api/me/avatar', { method: 'PUT', headers: { 'Content-Type': picture.type }, body: picture }, oneUser);

export const removeAvatar = () => ask('/api/me/avatar', withJson('DELETE'), oneUser);

/** @param {string} password @param {string} new_password */
export const setPassword = (password, new_password) => ask('/api/me/password', withJson('PUT', { password, new_password }), done);

export const devices = () => ask('/api/me/sessions', {}, (body) => (Array.isArray(body?.sessions) ? /** @type {Device[]} */ (body.sessions) : null));

/** Without an id: all devices but this one. @param {string} [id] */
export const endDevice = (id) => ask(id ? `/api/me/sessions/${id}` : '/api/me/sessions', withJson('DELETE'), done);

/** @param {number} user @param {boolean} on */
export const block = (user, on) => ask(`/api/me/blocks/${user}`, withJson(on ? 'PUT' : 'DELETE'), done);

/** @param {{name?: string, door?: string}} change */
export const editServer = (change) => ask('/api/server', withJson('PATCH', change), oneServer);

/** Replaces the invite link. */
export const makeInvite = () => ask('/api/server/invite', withJson('POST'), (body) => /** @type {Invite | null} */ (body?.invite ?? null));

/** @param {number} ends_at */
export const endInvite = (ends_at) => ask('/api/server/invite', withJson('PATCH', { ends_at }), (body) => /** @type {Invite | null} */ (body?.invite ?? null));

/** @param {number} user @param {{role?: string, deactivated?: boolean}} change */
export const editPerson = (user, change) => ask(`/api/people/${user}`, withJson('PATCH', change), oneUser);

/** @param {number} user */
export const offerReset = (user) =>
  ask(`/api/people/${user}/reset`, withJson('POST'), (body) => (body?.path ? /** @type {{path: string, ends_at: number}} */ (body) : null));

/** Whether a backup could start now; the browser itself downloads it. */
export const mayBackUp = () => ask('/api/backup', { method: 'HEAD' }, done);

/** What the emoji picker shows. @param {string} path */
export const emoji = (path) => ask(path, { cache: 'default' }, (body) => (Array.isArray(body?.emoji) ? /** @type {EmojiData} */ (body) : null));

/** @typedef {{groups: string[], emoji: [emoji: string, name: string, group: number, codes: string[], tones: number, version?: number][]}} EmojiData */
