// Dates and times in words. The locale, the time zone and "now" are passed in, so tests can set them.

const DAY_MS = 86_400_000;

/**
 * @param {string | undefined} language as the browser tells it, which may be none: "C" on a bare Linux
 * @param {string} [timeZone]
 */
export function createTimes(language, timeZone) {
  const locale = known(language);
  // The interface is in English, so weekdays and months are too; the order of a date and the clock are the reader's.
  const words = locale?.startsWith('en') ? locale : 'en-GB';
  /** @param {string | undefined} lang @param {Intl.DateTimeFormatOptions} options */
  const format = (lang, options) => new Intl.DateTimeFormat(lang, { timeZone, ...options });
  const key = format('en-CA', { year: 'numeric', month: '2-digit', day: '2-digit' });
  const clock = format(locale, { timeStyle: 'short' });
  const day = format(words, { weekday: 'long', day: 'numeric', month: 'long' });
  const dayAndYear = format(words, { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' });
  const weekday = format(words, { weekday: 'short' });
  const short = format(words, { day: 'numeric', month: 'short' });
  const date = format(words, { day: 'numeric', month: 'long' });
  const dateAndYear = format(words, { day: 'numeric', month: 'long', year: 'numeric' });
  const month = format(words, { month: 'long', year: 'numeric' });
  const full = format(words, { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric', hour: '2-digit', minute: '2-digit' });

  const times = {
    /** "2026-10-14": sorts and compares as days do. @param {number} at */
    dayKey: (at) => key.format(at),
    /** "10:31" @param {number} at */
    clock: (at) => clock.format(at),
    /** The clock without "AM": it has to fit into the gutter. @param {number} at */
    gutter: (at) =>
      clock
        .formatToParts(at)
        .filter((part) => part.type !== 'dayPeriod')
        .map((part) => part.value)
        .join('')
        .trim(),
    /** "Today, Tuesday 14 October" @param {number} at @param {number} now */
    dayLabel: (at, now) => {
      const then = key.format(at);
      if (then === key.format(now)) return `Today, ${day.format(at)}`;
      if (then === key.format(now - DAY_MS)) return `Yesterday, ${day.format(at)}`;
      return then.slice(0, 4) === key.format(now).slice(0, 4) ? day.format(at) : dayAndYear.format(at);
    },
    /** "10:57", "Mon" or "9 Oct" @param {number} at @param {number} now */
    short: (at, now) => {
      if (key.format(at) === key.format(now)) return clock.format(at);
      return now - at < 6 * DAY_MS ? weekday.format(at) : short.format(at);
    },
    /** "21 October", and the year where it is another one. @param {number} at @param {number} now */
    date: (at, now) => (key.format(at).slice(0, 4) === key.format(now).slice(0, 4) ? date : dateAndYear).format(at),
    /** "Today, 10:31", "Yesterday, 23:00" or "9 October, 08:15" @param {number} at @param {number} now */
    moment: (at, now) => {
      const then = key.format(at);
      const named = then === key.format(now) ? 'Today' : then === key.format(now - DAY_MS) ? 'Yesterday' : times.date(at, now);
      return `${named}, ${clock.format(at)}`;
    },
    /** "March 2024" @param {number} at */
    month: (at) => month.format(at),
    /** Everything, for a tooltip. @param {number} at */
    full: (at) => full.format(at),
    /** For datetime="…". @param {number} at */
    iso: (at) => new Date(at).toISOString(),
  };
  return times;
}

/** @param {string | undefined} language */
function known(language) {
  try {
    return Intl.DateTimeFormat.supportedLocalesOf(language ?? [])[0];
  } catch {
    return undefined;
  }
}

/** @typedef {ReturnType<typeof createTimes>} Times */
