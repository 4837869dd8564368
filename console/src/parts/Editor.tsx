// A code editor, loaded when a page needs one.
import { Skeleton } from '@mantine/core';
import { lazy, Suspense } from 'react';

const CodeEditor = lazy(() => import('./CodeEditor'));

export function Editor(props: { value: string; label: string; onChange: (value: string) => void }) {
  return (
    <Suspense fallback={<Skeleton height={220} />}>
      <CodeEditor {...props} />
    </Suspense>
  );
}
