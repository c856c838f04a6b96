// The peer that comes nearest to the limit of all that we tried: a chat in Bun, whose WebSockets are in C++, with each
// message in SQLite, on the disk, before anybody hears of it. It knows nobody, and looks for no repetition.
//
// `bun bun.js PORT DATA` (Bun 1.x); DATA is the file to keep messages in.

import { Database } from 'bun:sqlite';

const [port, data] = process.argv.slice(2);
const ROOM = 'everybody';

const database = new Database(data, { create: true });
// Each commit waits for the disk, once.
database.run('PRAGMA journal_mode = WAL');
database.run('PRAGMA synchronous = FULL');
database.run('CREATE TABLE message (seq INTEGER PRIMARY KEY AUTOINCREMENT, sent_at INTEGER NOT NULL, body TEXT NOT NULL)');
const keep = database.query('INSERT INTO message (sent_at, body) VALUES (?, ?) RETURNING seq');

const server = Bun.serve({
  hostname: '127.0.0.1',
  port: Number(port),
  fetch: (request, own) => (own.upgrade(request) ? undefined : new Response('a socket, please', { status: 426 })),
  websocket: {
    open: (socket) => socket.subscribe(ROOM),
    message(_, text) {
      const sent_at = Date.now();
      const { seq } = keep.get(sent_at, text);
      server.publish(ROOM, JSON.stringify({ type: 'message', room: 1, seq, message: { id: seq, author: 1, sent_at, body: text } }));
    },
  },
});
