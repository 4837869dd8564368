// A write: says what it is doing, keeps what was typed when it fails, and refreshes what it changed.
import { notifications } from '@mantine/notifications';
import { useMutation, useQueryClient } from '@tanstack/react-query';

interface Options<Input, Output> {
  run: (input: Input) => Promise<Output>;
  /** First elements of the query keys that are stale afterwards; all when left out. */
  stale?: string[];
  done?: (output: Output, input: Input) => string | undefined;
  after?: (output: Output, input: Input) => void;
}

export function useSave<Input, Output>({ run, stale, done, after }: Options<Input, Output>) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: run,
    onSuccess: async (output, input) => {
      const refreshed = stale?.map((key) => queries.invalidateQueries({ queryKey: [key] })) ?? [
        queries.invalidateQueries(),
      ];
      await Promise.all(refreshed);
      const message = done?.(output, input);
      if (message) notifications.show({ message, color: 'teal', autoClose: 6000 });
      after?.(output, input);
    },
  });
}
