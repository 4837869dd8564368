// English texts of environments and models.
export const enDescribe = {
  'nav.stages': 'Environments',
  'nav.models': 'Models',
  'stages.lead': 'Where APIs are published to. Every group has these; callers name one with X-Ca-Stage.',
  'stages.create': 'Create Environment',
  'stages.alias': 'Alias',
  'stages.own': 'own',
  'stages.system': 'built in',
  'stages.nameHint': 'What callers send in X-Ca-Stage; it cannot be changed later.',
  'stages.nameProblem': 'A letter first; 1 to 32 letters, digits, _ and -.',
  'stages.deleteText': 'Only an environment that nothing is published to, bound or authorised in can be deleted.',
  'model.lead':
    'What bodies look like, as JSON Schema. Models document APIs; the gateway does not check calls against them.',
  'model.empty': 'This group has no model yet.',
  'model.create': 'Create Model',
  'model.deleteText': 'APIs that refer to it keep their reference.',
  'model.schemaHint': 'Draft 4, of an object; at most 64 KB.',
  'model.tidy': 'Format it',
  'model.notJson': 'This is not JSON: {{reason}}',
  'model.notObject': 'It must be the schema of an object: {"type": "object", …}.',
  'model.tooLong': 'It is longer than 64 KB.',
} as const;
