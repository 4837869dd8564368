// The steps of one decision, as engines keep them for requests that were refused, failed, slow, sampled or debugged.
import type { Decision } from './records';

export interface Named {
  Name?: string;
  Value?: string;
}

export interface Step {
  Step?: string;
  Verdict?: string;
  Microseconds?: number;
  Rule?: string;
  PluginId?: string;
  PluginName?: string;
  PluginType?: string;
  Binding?: string;
  Facts?: Named[];
}

export interface Traced {
  Kept?: string;
  Steps?: Step[];
  RequestHeaders?: Named[];
  ResponseHeaders?: Named[];
  RequestBody?: string;
  ResponseBody?: string;
  Cut?: boolean;
}

/** Undefined when only the record was kept. */
export const traceOf = (decision: Decision): Traced | undefined => (decision as { Trace?: Traced }).Trace;
