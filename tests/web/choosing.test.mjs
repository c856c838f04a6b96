// Completion, emoji and notifications: the logic without a DOM.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { quietUntil } from '../../web/js/state/select.js';
import { asked } from '../../web/js/view/complete.js';
import { findEmoji, toned } from '../../web/js/view/emoji.js';
import { isLoud } from '../../web/js/view/notify.js';

test('a mark at the beginning of a word asks for completion', () => {
  assert.deepEqual(asked('hello @an'), { mark: '@', query: 'an', start: 6 });
  assert.deepEqual(asked('@'), { mark: '@', query: '', start: 0 });
  assert.deepEqual(asked('see (#pla'), { mark: '#', query: 'pla', start: 5 });
  assert.deepEqual(asked('good :ta'), { mark: ':', query: 'ta', start: 5 });
  for (const text of ['', 'mail@example', 'a:b', ':)', ': a', 'x #', '@ a'].filter((t) => t !== 'x #')) assert.equal(asked(text), null, text);
});

/** @type {any} */
const data = {
  groups: ['Smileys', 'People'],
  emoji: [
    ['👍', 'thumbs up', 1, ['+1', 'thumbsup'], 1],
    ['☝️', 'index pointing up', 1, ['point_up'], 1],
    ['🎉', 'party popper', 0, ['tada'], 0],
    ['🧑‍🤝‍🧑', 'people holding hands', 1, [], 1],
    ['🧑‍💻', 'technologist', 1, ['technologist'], 1],
  ],
};

test('a skin tone goes where Unicode wants it, and nowhere where it would need two', () => {
  const tone = '\u{1f3fd}';
  assert.deepEqual(
    data.emoji.map((/** @type {any} */ row) => toned(row, tone)),
    ['👍🏽', '☝🏽', '🎉', '🧑‍🤝‍🧑', '🧑🏽‍💻'],
  );
  assert.equal(toned(data.emoji[0], ''), '👍');
});

test('emoji are found by name and by shortcode, what begins with it first', () => {
  const found = (/** @type {string} */ query) => findEmoji(data, query).map(([emoji]) => emoji);
  assert.deepEqual(found('tad'), ['🎉']);
  assert.deepEqual(found(':+1:'), ['👍']);
  assert.deepEqual(found('up'), ['👍', '☝️']);
  assert.deepEqual(found('opper'), ['🎉']);
  assert.deepEqual(found('zzz'), []);
});

test('the emoji that is called so comes before those that only have the word in them', () => {
  /** @type {any} */
  const many = {
    groups: ['All'],
    emoji: [
      ['🥰', 'smiling face with hearts', 0, ['smiling_face_with_three_hearts'], 0],
      ['😃', 'grinning face with big eyes', 0, ['smiley'], 0],
      ['😄', 'grinning face with smiling eyes', 0, ['smile'], 0],
      ['🫰', 'hand with index finger and thumb crossed', 0, ['hand_with_index_finger_and_thumb_crossed'], 1],
      ['👎', 'thumbs down', 0, ['-1', 'thumbsdown'], 1],
      ['👍', 'thumbs up', 0, ['+1', 'thumbsup'], 1],
      ['❤️‍🔥', 'heart on fire', 0, ['heart_on_fire'], 0],
      ['❤️', 'red heart', 0, ['heart'], 0],
      ['🧑‍🚒', 'firefighter', 0, ['firefighter'], 1],
      ['🔥', 'fire', 0, ['fire'], 0],
      ['🍭', 'lollipop', 0, ['lollipop'], 0],
      ['😂', 'face with tears of joy', 0, ['joy'], 0],
      ['🙏', 'folded hands', 0, ['pray'], 1],
    ],
  };
  const first = (/** @type {string} */ query, /** @type {string[]} */ recent = []) => findEmoji(many, query, recent)[0]?.[0];
  assert.deepEqual(
    ['heart', 'fire', 'thumb', 'smile', 'lol', 'thanks'].map((query) => first(query)),
    ['❤️', '🔥', '👍', '😄', '😂', '🙏'],
  );
  // Among equals, the most used first.
  assert.equal(first('thumb', ['👎']), '👎');
  assert.equal(first('heart', ['❤️‍🔥']), '❤️');
});

test('quiet hours may go over midnight, and a pause ends by itself', () => {
  const settings = (/** @type {any} */ more) => ({ share_read: true, dnd: null, dnd_until: 0, sound: true, announce: true, single_keys: true, ...more });
  const night = settings({ dnd: { from: 22 * 60, to: 7 * 60 } });
  assert.deepEqual(
    [23 * 60, 0, 7 * 60 - 1, 7 * 60, 12 * 60].map((minute) => quietUntil(night, 0, minute)),
    [{ hours: 420 }, { hours: 420 }, { hours: 420 }, null, null],
  );
  const noon = settings({ dnd: { from: 720, to: 780 } });
  assert.deepEqual(
    [719, 720, 779, 780].map((minute) => quietUntil(noon, 0, minute)),
    [null, { hours: 780 }, { hours: 780 }, null],
  );
  const paused = settings({ dnd_until: 1000 });
  assert.deepEqual([quietUntil(paused, 999, 0), quietUntil(paused, 1000, 0), quietUntil(null, 0, 0)], [{ pause: 1000 }, null, null]);
});

test('a room speaks as loud as its member wants', () => {
  const room = (/** @type {string} */ notify) => /** @type {any} */ ({ notify });
  assert.deepEqual(
    [isLoud(room('all'), false), isLoud(room('mentions'), false), isLoud(room('mentions'), true), isLoud(room('none'), true)],
    [true, false, true, false],
  );
});
