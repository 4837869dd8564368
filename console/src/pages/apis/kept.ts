// What was typed into the wizard, kept in the browser's tab: a sign-out, a reload or a lost connection loses nothing.
import { useEffect } from 'react';
import { type Draft, NEW_DRAFT } from './draft';

const place = (apiId: string | undefined) => `isthmus-draft-${apiId ?? 'new'}`;

export function keptDraft(apiId: string | undefined): Draft | null {
  try {
    const text = sessionStorage.getItem(place(apiId));
    return text ? { ...NEW_DRAFT, ...(JSON.parse(text) as Draft) } : null;
  } catch {
    return null;
  }
}

export function forgetDraft(apiId: string | undefined): void {
  sessionStorage.removeItem(place(apiId));
}

export function useKeeping(apiId: string | undefined, draft: Draft, isChanged: boolean): void {
  useEffect(() => {
    if (isChanged) sessionStorage.setItem(place(apiId), JSON.stringify(draft));
  }, [apiId, draft, isChanged]);
}
