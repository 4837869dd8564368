// What single keys do outside of inputs: go to a page, or use what the page has marked with `aria-keyshortcuts`.
const STORED = 'isthmus-single-keys';

/** After `g`. */
export const PAGES: Record<string, string> = {
  o: '/',
  g: '/groups',
  a: '/apis',
  p: '/plugins',
  v: '/vpcs',
  k: '/apps',
  d: '/debug',
  m: '/metrics',
  r: '/requests',
};

export type Pressed = Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey'>;

export type Deed =
  | { do: 'go'; to: string }
  | { do: 'press' | 'focus'; key: string }
  | { do: 'row'; step: 1 | -1 }
  | { do: 'list' | 'submit' | 'save' | 'wait' };

/** How long a `g` waits for its second key, in milliseconds. */
const PATIENCE = 1500;

/** What a key means; `before` is when `g` was pressed, if it was the key before. */
export function deedOf(pressed: Pressed, isTyping: boolean, before: number | undefined, now: number): Deed | undefined {
  const { key } = pressed;
  if (pressed.ctrlKey || pressed.metaKey) {
    if (key === 'Enter') return { do: 'submit' };
    return key.toLowerCase() === 's' ? { do: 'save' } : undefined;
  }
  if (pressed.altKey || isTyping) return undefined;
  if (before !== undefined && now - before < PATIENCE) {
    const to = PAGES[key];
    return to === undefined ? undefined : { do: 'go', to };
  }
  if (key === 'g') return { do: 'wait' };
  if (key === '?') return { do: 'list' };
  if (key === '/') return { do: 'focus', key };
  if (key === 'j' || key === 'k') return { do: 'row', step: key === 'j' ? 1 : -1 };
  return key === 'c' || key === 'e' || key === 'p' ? { do: 'press', key } : undefined;
}

export const areOn = () => localStorage.getItem(STORED) !== 'off';

export function turn(on: boolean): void {
  if (on) localStorage.removeItem(STORED);
  else localStorage.setItem(STORED, 'off');
}
