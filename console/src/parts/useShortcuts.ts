// Listens for keys on every page of the shell. Nothing single happens in an input, in a menu or over a dialog.
import { useRouter } from '@tanstack/react-router';
import { useEffect } from 'react';
import { areOn, type Deed, deedOf } from './shortcuts';

const INPUTS = 'input, textarea, select, [contenteditable=true], [role=combobox]';
const OVER = '[role=dialog], [role=menu], [role=listbox]';

export function useShortcuts(list: () => void): void {
  const router = useRouter();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the same functions each time
  useEffect(() => {
    let before: number | undefined;
    const listen = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing) return;
      const now = Date.now();
      const isTyping = (event.target as HTMLElement).closest?.(INPUTS) != null;
      // A list that is closed may still be in the page.
      const isFree = areOn() && ![...document.querySelectorAll(OVER)].some((one) => one.checkVisibility());
      const deed = deedOf(event, isTyping || !isFree, before, now);
      before = deed?.do === 'wait' ? now : undefined;
      if (!deed) return;
      if (deed.do === 'go') void router.navigate({ to: deed.to as '/' });
      else if (deed.do === 'list') list();
      else if (deed.do !== 'wait' && !done(deed)) return;
      event.preventDefault();
    };
    document.addEventListener('keydown', listen);
    return () => document.removeEventListener('keydown', listen);
  }, []);
}

/** Whether there was something to do it with. */
function done(deed: Deed): boolean {
  if (deed.do === 'submit' || deed.do === 'save') return submitted(deed.do === 'save');
  if (deed.do === 'row') return stepped(deed.step);
  if (deed.do !== 'press' && deed.do !== 'focus') return false;
  const marked = document.querySelectorAll<HTMLElement>(`main [aria-keyshortcuts="${deed.key}"]`);
  const found = [...marked].find((one) => one.checkVisibility() && !one.hasAttribute('data-disabled'));
  if (deed.do === 'focus') found?.focus();
  else found?.click();
  return found !== undefined;
}

/** The form that one is in; to save, the one that is there will do. */
function submitted(anywhere: boolean): boolean {
  const inside = document.activeElement?.closest('form');
  const form = inside ?? (anywhere ? document.querySelector<HTMLFormElement>('[role=dialog] form, main form') : null);
  form?.requestSubmit();
  return form !== null && form !== undefined;
}

/** From row to row of the first list, by the first link in each. */
function stepped(step: number): boolean {
  // The requests go by themselves.
  if (document.querySelector('[data-record]')) return false;
  const rows = [...document.querySelectorAll('main tbody tr')];
  const links = rows.map((row) => row.querySelector<HTMLElement>('a, button')).filter((link) => link !== null);
  const at = links.findIndex((link) => link.closest('tr')?.contains(document.activeElement));
  const next = links[Math.min(links.length - 1, Math.max(0, at + step))];
  next?.focus();
  return next !== undefined;
}
