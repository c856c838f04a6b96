// Loads the lazy part of the page once, when somebody asks for a thing in it or is about to.

/** @template P, A @typedef {ReturnType<typeof createLazy<P, A>>} Lazy */
/** @typedef {'there' | 'gone' | {title: string}} Reached gone: the server is another version by now; or why it was not reached */

/**
 * @template P, A
 * @param {object} options
 * @param {() => Promise<Reached>} options.reach
 * @param {() => Promise<P>} options.load rejects where it was lost after all
 * @param {(asked: A | null) => void} options.gone somebody asked for what this page cannot get any more
 * @param {(title: string) => void} options.refused somebody asked, and it did not come
 * @param {string} options.lost the words where it was reached and did not come
 */
export function createLazy({ reach, load, gone, refused, lost }) {
  /** @type {P | null} */
  let part = null;
  /** @type {Promise<void> | null} */
  let coming = null;
  let expected = false;
  /** @type {((part: P) => void)[]} */
  const mounts = [];
  /** The last thing that was asked for: somebody who presses twice wants one. @type {{use: (part: P) => void, asked: A | null} | null} */
  let wanted = null;

  const fetch = async () => {
    const reached = await reach();
    const found = reached === 'there' ? await load().catch(() => null) : null;
    const { use, asked } = wanted ?? { use: null, asked: null };
    wanted = null;
    if (found !== null) {
      part = found;
      for (const mount of mounts.splice(0)) mount(found);
      use?.(found);
    } else if (use && reached === 'gone') gone(asked);
    else if (use) refused(typeof reached === 'object' ? reached.title : lost);
  };
  const expect = () => {
    expected = true;
    if (part === null) coming ??= fetch().finally(() => (coming = null));
  };
  /** Calls `use` with the part, now or when it has loaded. @param {(part: P) => void} use @param {A | null} [asked] the same in words that outlive the page */
  const lazy = (use, asked = null) => {
    if (part !== null) return use(part);
    wanted = { use, asked };
    expect();
  };
  return Object.assign(lazy, {
    /** Starts loading: somebody is here and may ask soon. */
    expect,
    /** The connection is back: tries again. */
    connected: () => expected && expect(),
    /** Calls `mount` once the part has loaded; does not start loading it. @param {(part: P) => void} mount */
    mount: (mount) => (part === null ? void mounts.push(mount) : mount(part)),
  });
}
