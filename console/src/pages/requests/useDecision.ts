// What decided about one request. It is found at most a second after its answer, so one that is new is asked for again.
import { useQuery } from '@tanstack/react-query';
import { ApiError, call } from '../../api/client';

const MOST_TRIES = 4;

export const useDecision = (id: string) =>
  useQuery({
    queryKey: ['requests', 'decision', id],
    queryFn: async () => (await call('DescribeRequestDecision', { RequestLogId: id })).Decision ?? {},
    staleTime: Number.POSITIVE_INFINITY,
    retry: (count, error) => count < MOST_TRIES && error instanceof ApiError && error.code === 'NotFoundRequestLog',
    retryDelay: 600,
  });
