// A network as its form has it, and as the operations take it. Invariant: read and written without an edit, it is the same.
import type { Answer } from '../../api/client';
import { type AttachmentForm, fromForm, readAttachment, toForm } from './attachment';

export type Network = NonNullable<NonNullable<NonNullable<Answer<'DescribeNetworks'>['Networks']>['Network']>[number]>;

export interface NetworkForm extends AttachmentForm, Record<string, unknown> {
  id: string;
  name: string;
  cidrs: string;
  instances: string;
}

const lines = (text: string) => text.split(/[\s,]+/).filter(Boolean);

/** One `id = address` a line. */
export function readInstances(text: string): Record<string, string> {
  const pairs = text.split('\n').filter((line) => line.includes('='));
  return Object.fromEntries(
    pairs.map((line) => [line.slice(0, line.indexOf('=')).trim(), line.slice(line.indexOf('=') + 1).trim()]),
  );
}

export function readNetwork(network?: Network): NetworkForm {
  const instances = Object.entries(readAttachment(network?.Instances));
  return {
    id: network?.NetworkId ?? '',
    name: network?.Name ?? '',
    cidrs: (network?.Cidrs ?? []).join('\n'),
    instances: instances.map(([id, address]) => `${id} = ${address}`).join('\n'),
    ...toForm(readAttachment(network?.Attachment)),
  };
}

/** `network` is what the form was read from: what it does not know stays. */
export function writeNetwork(form: NetworkForm, network?: Network) {
  return {
    NetworkId: form.id.trim(),
    Name: form.name.trim(),
    Attachment: JSON.stringify(fromForm(form, readAttachment(network?.Attachment))),
    Cidrs: lines(form.cidrs).join(','),
    Instances: JSON.stringify(readInstances(form.instances)),
  };
}
