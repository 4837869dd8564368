// 环境与模型的中文。
import type { enDescribe } from './en.describe';

export const zhDescribe: Record<keyof typeof enDescribe, string> = {
  'nav.stages': '环境',
  'nav.models': '模型',
  'stages.lead': 'API 发布到的环境。每个分组都有这些环境，调用方用 X-Ca-Stage 指定。',
  'stages.create': '创建环境',
  'stages.alias': '别名',
  'stages.own': '自定义',
  'stages.system': '系统内置',
  'stages.nameHint': '调用方在 X-Ca-Stage 中填写的值，之后不能修改。',
  'stages.nameProblem': '以字母开头，1 到 32 个字母、数字、_ 和 -。',
  'stages.deleteText': '只有没有发布、绑定和授权的环境才能删除。',
  'model.lead': '用 JSON Schema 描述请求体和响应体。模型只用于文档，网关不按模型校验请求。',
  'model.empty': '该分组还没有模型。',
  'model.create': '创建模型',
  'model.deleteText': '引用它的 API 会保留引用。',
  'model.schemaHint': 'Draft 4，描述一个对象，最大 64 KB。',
  'model.tidy': '格式化',
  'model.notJson': '不是 JSON：{{reason}}',
  'model.notObject': '必须是对象的 Schema：{"type": "object", …}。',
  'model.tooLong': '超过 64 KB。',
};
