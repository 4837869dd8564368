// Where one is in a list: search, order and page; in the URL, so that a link shows the same and Back finds it again.
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';

export interface ListState {
  q?: string;
  sort?: string;
  page?: number;
  /** Of lists of APIs: where it runs, and whether its draft is ahead of that. */
  stage?: string;
  drift?: boolean;
}

/** In the URL only for the one list that a page is about. */
export function useListState(inUrl: boolean): [ListState, (changes: ListState, isStep?: boolean) => void] {
  const search = useSearch({ strict: false }) as Record<string, unknown>;
  const navigate = useNavigate();
  const [local, setLocal] = useState<ListState>({});
  if (!inUrl) return [local, (changes) => setLocal((old) => ({ ...old, ...changes }))];
  const state: ListState = {
    q: search.q === undefined ? undefined : String(search.q),
    sort: search.sort === undefined ? undefined : String(search.sort),
    page: Number(search.page) > 1 ? Math.floor(Number(search.page)) : undefined,
    stage: search.stage === undefined ? undefined : String(search.stage),
    drift: search.drift === true || undefined,
  };
  const change = (changes: ListState, isStep = false) =>
    void navigate({
      to: '.',
      search: ((old: Record<string, unknown>) => ({ ...old, ...changes })) as never,
      // Letters that are typed are no steps to go back to.
      replace: !isStep,
      resetScroll: false,
    });
  return [state, change];
}
