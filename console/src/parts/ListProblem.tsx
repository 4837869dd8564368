// Above a form whose choices could not be read: a select without choices would only look empty.
import { ErrorNotice } from './ErrorNotice';

interface Read {
  error: unknown;
  refetch: () => unknown;
}

export function ListProblem({ of }: { of: Read[] }) {
  const failed = of.filter((one) => one.error);
  const first = failed[0];
  if (!first) return null;
  const retry = () => {
    for (const one of failed) void one.refetch();
  };
  return <ErrorNotice error={first.error} retry={retry} />;
}
