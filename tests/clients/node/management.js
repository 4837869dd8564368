// The vendor's management client for Node, driven by lines: node management.js HOST:PORT KEY SECRET.
// First a line of the operations it has; then, for each line {"operation", "params"}, one line {"body"} or {"code", "message"}.
'use strict';
const readline = require('node:readline');
const dara = require('@darabonba/typescript');
const { $OpenApiUtil } = require('@alicloud/openapi-core');
const sdk = require('@alicloud/cloudapi20160714');

const [endpoint, accessKeyId, accessKeySecret] = process.argv.slice(2);
const config = new $OpenApiUtil.Config({ accessKeyId, accessKeySecret, endpoint, protocol: 'http' });
const client = new sdk.default(config);
const method = (operation) => operation[0].toLowerCase() + operation.slice(1);

async function call({ operation, params }) {
  const request = sdk[`${operation}Request`];
  const known = Object.values(request.names());
  const unknown = Object.keys(params).filter((name) => !known.includes(name));
  if (unknown.length) return { unknown };
  const given = dara.cast(params, new request({}));
  try {
    const answer = await client[method(operation)](given);
    return { body: answer.body.toMap() };
  } catch (error) {
    if (!error.code || !error.statusCode) throw error;
    return { code: error.code, message: error.message };
  }
}

const operations = Object.keys(sdk).filter((name) => name.endsWith('Request')).map((name) => name.slice(0, -7));
console.log(JSON.stringify({ operations: operations.filter((name) => typeof client[method(name)] === 'function') }));
(async () => {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    console.log(JSON.stringify(await call(JSON.parse(line))));
  }
})();
