// The acts: what views can ask for, each a name and its arguments.

/**
 * A dialog that can be opened.
 * @typedef {{name: 'settings' | 'switcher' | 'shortcuts' | 'createRoom' | 'browseRooms' | 'newDirect' | 'people' | 'invite'}
 *   | {name: 'profile', user: number} | {name: 'names', title: string, users: number[]} | {name: 'roomSettings' | 'addPeople', room: number}
 *   | {name: 'forward', room: number, id: number} | {name: 'meet', room: number, id?: number}} Dialog
 */
/**
 * What a view can ask for.
 * @typedef {{do: 'post', body: string} | {do: 'attach', files: File[]} | {do: 'retryUpload' | 'dropUpload', id: string} | {do: 'pictures', id: string} | {do: 'draft', text: string} | {do: 'typing'} | {do: 'retry', id: string} | {do: 'discard', id: string}
 *   | {do: 'reply' | 'edit', id: number | null} | {do: 'editLast'} | {do: 'editing', body: string} | {do: 'saveEdit', id: number, body: string}
 *   | {do: 'delete' | 'undelete' | 'unread' | 'copyLink', id: number} | {do: 'react', id: number, emoji: string, on: boolean} | {do: 'pickReaction', id: number, at: HTMLElement}
 *   | {do: 'pin', id: number, on: boolean} | {do: 'save', room: number, id: number, on: boolean} | {do: 'forward', from: {room: number, id: number}, to: number}
 *   | {do: 'copyText', text: string, words?: string} | {do: 'toast' | 'refused', words: string}
 *   | {do: 'open', room: number, id?: number} | {do: 'entered', room: import('../net/wire.js').Room, id?: number} | {do: 'visited'} | {do: 'reached', found: boolean} | {do: 'lost'}
 *   | {do: 'step', by: number, unread: boolean} | {do: 'escape'} | {do: 'allRead'} | {do: 'readRoom' | 'restore', room: number}
 *   | {do: 'prefs', room: number, notify?: string, favourite?: boolean, hidden?: boolean} | {do: 'direct', users: number[]} | {do: 'leaveRoom', room: number, name: string}
 *   | {do: 'block', user: number, on: boolean, name: string} | {do: 'pause', on: boolean} | {do: 'mention', name: string} | {do: 'know', people: import('../net/wire.js').User[]}
 *   | {do: 'pane', name: import('../state/state.js').Pane | null} | ({do: 'dialog'} & Dialog) | {do: 'roomMenu', room: number, at: HTMLElement}
 *   | ({do: 'search'} & Partial<import('../state/search.js').Asked>) | {do: 'searchNow'} | {do: 'searchMore'}
 *   | {do: 'older'} | {do: 'newer'} | {do: 'latest'} | {do: 'reread'} | {do: 'clearNewline'} | {do: 'view', attentive?: boolean, following?: boolean}
 *   | {do: 'server'} | {do: 'show', screen: 'list' | 'chat'} | {do: 'settled', room: number} | {do: 'focus', area: 'composer'} | {do: 'reconnect'} | {do: 'leave'} | {do: 'tick'}} Act
 */

export {};
