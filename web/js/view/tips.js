// Esc puts a tip away until its button is left (WCAG 1.4.13). Only then does it mean what it means elsewhere.

export function mountTips() {
  const hover = matchMedia('(hover: hover)');
  document.addEventListener(
    'keydown',
    (event) => {
      if (event.key !== 'Escape' || event.shiftKey || !hover.matches) return;
      const shown = /** @type {HTMLElement[]} */ ([...document.querySelectorAll('[data-tip]:is(:hover, :focus-visible):not([data-tipless])')]);
      for (const el of shown) {
        el.dataset.tipless = '';
        const back = () => delete el.dataset.tipless;
        for (const leave of ['blur', 'pointerleave']) el.addEventListener(leave, back, { once: true });
      }
      // Under a pointer that only rests there, Esc belongs to whoever has the focus.
      if (!shown.some((el) => el === document.activeElement && el.getAttribute('aria-expanded') !== 'true')) return;
      event.preventDefault();
      event.stopPropagation();
    },
    true,
  );
}
