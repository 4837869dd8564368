// One signed GET with the vendor's client: node get.js URL HOST APPKEY APPSECRET. Prints JSON, also for a refusal.
'use strict';
const { Client } = require('aliyun-api-gateway');

const [url, host, key, secret] = process.argv.slice(2);
const client = new Client(key, secret);
client
  .get(url, { headers: { host, accept: 'application/json' } })
  .then((body) => console.log(JSON.stringify({ ok: true, body: String(body) })))
  .catch((error) => {
    console.log(JSON.stringify({ ok: false, code: error.code, message: error.message }));
    process.exitCode = 1;
  });
