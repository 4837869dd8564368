// The status of an answer, coloured by its class; the number says it all without the colour.
import { Badge } from '@mantine/core';

/** White on Mantine's own orange falls short of the contrast that text needs. */
export const WARNING = '#a84a0a';

export function StatusBadge({ status }: { status: number }) {
  const color = status >= 500 ? 'red.9' : status >= 400 ? WARNING : status >= 300 ? 'gray.7' : 'teal.9';
  return (
    <Badge color={color} variant="filled" miw="fit-content">
      {status}
    </Badge>
  );
}
