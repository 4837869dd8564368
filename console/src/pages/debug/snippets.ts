// The call of the debug page from a caller's own program. What proves the caller comes from the environment, and a signature
// is made anew by every run; GATEWAY leads elsewhere than the name of the domain does.
export const LANGUAGES = ['curl', 'Python', 'Node.js', 'Java', 'Go'] as const;
export type SnippetLanguage = (typeof LANGUAGES)[number];

export interface Sent {
  method: string;
  host: string;
  path: string;
  headers: Array<[string, string]>;
  body: string;
  auth: string;
  /** The text that was signed, line by line. */
  signed: string[];
}

// Made by whoever sends, or by the snippet.
const OWN = new Set([
  'host',
  'content-length',
  'connection',
  'user-agent',
  'x-ca-key',
  'x-ca-timestamp',
  'x-ca-nonce',
  'x-ca-signature',
  'x-ca-request-mode',
]);

// The name under which a draft was served for one call: code that is kept goes to what is published.
const withoutDraft = (text: string) => text.replace(/~[0-9A-F]{32}\b/g, '');

export function readSent(sent: string, called: { auth: string; body: string }, toSign = ''): Sent {
  const [text, stringToSign] = [withoutDraft(sent), withoutDraft(toSign)];
  const [first = '', ...rest] = (text.split('\r\n\r\n')[0] ?? '').split('\r\n');
  const [method = 'GET', path = '/'] = first.split(' ');
  const all = rest.map((line): [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()];
  });
  const isOwn = (name: string) => OWN.has(name) || (called.auth === 'APPCODE' && name === 'authorization');
  return {
    method,
    path,
    host: all.find(([name]) => name === 'host')?.[1] ?? '',
    headers: all.filter(([name]) => !isOwn(name)),
    body: called.body,
    auth: called.auth,
    signed: stringToSign === '' ? [] : stringToSign.split('\n'),
  };
}

export function snippet(language: SnippetLanguage, sent: Sent): string {
  switch (language) {
    case 'curl':
      return sent.auth === 'APPKEY' ? signedShell(sent) : curl(sent);
    case 'Python':
      return python(sent);
    case 'Node.js':
      return node(sent);
    case 'Java':
      return java(sent);
    case 'Go':
      return go(sent);
  }
}

const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
const text = (value: string) => JSON.stringify(value);

function curl(sent: Sent): string {
  const lines = [
    `curl -X ${sent.method} "\${GATEWAY:-http://${sent.host}}"${quoted(sent.path)}`,
    `-H ${quoted(`host: ${sent.host}`)}`,
  ];
  for (const [name, value] of sent.headers) lines.push(`-H ${quoted(`${name}: ${value}`)}`);
  if (sent.auth === 'APPCODE') lines.push('-H "authorization: APPCODE $APP_CODE"');
  // Without this curl says that every body is a form.
  if (sent.body && !sent.headers.some(([name]) => name === 'content-type')) lines.push("-H 'content-type:'");
  if (sent.body) lines.push(`--data-binary ${quoted(sent.body)}`);
  return lines.join(' \\\n  ');
}

/** A signature is made by openssl. */
function signedShell(sent: Sent): string {
  const lines = sent.signed.map((line) => {
    const name = dynamicOf(line);
    return name ? `"${name}:$${SHELL[name]}"` : quoted(line);
  });
  const call = curl(sent).split(' \\\n  ');
  const [first = '', ...rest] = call;
  const own = ['key', 'timestamp', 'nonce'].map((name) => `-H "x-ca-${name}: $${SHELL[`x-ca-${name}`]}"`);
  return [
    'TIMESTAMP="$(date +%s)000"',
    'NONCE="$(openssl rand -hex 16)"',
    `SIGNATURE="$(printf '%s' "$(printf '%s\\n' ${lines.join(' ')})" | openssl dgst -${digest(sent)} -hmac "$APP_SECRET" -binary | openssl base64 -A)"`,
    [first, ...own, '-H "x-ca-signature: $SIGNATURE"', ...rest].join(' \\\n  '),
  ].join('\n');
}

const SHELL: Record<string, string> = { 'x-ca-key': 'APP_KEY', 'x-ca-timestamp': 'TIMESTAMP', 'x-ca-nonce': 'NONCE' };

/** The name of a signed header that each run makes anew. */
function dynamicOf(line: string): string | undefined {
  return Object.keys(SHELL).find((name) => line.startsWith(`${name}:`));
}

const isSha1 = (sent: Sent) => sent.signed.some((line) => line === 'x-ca-signature-method:HmacSHA1');
const digest = (sent: Sent) => (isSha1(sent) ? 'sha1' : 'sha256');

/** The lines that are signed, as expressions of a language. */
const signedLines = (sent: Sent, names: Record<string, string>, join: string) =>
  sent.signed.map((line) => {
    const name = dynamicOf(line);
    return name ? `${text(`${name}:`)} ${join} ${names[name]}` : text(line);
  });

function python(sent: Sent): string {
  const signs = sent.auth === 'APPKEY';
  const names = { 'x-ca-key': 'key', 'x-ca-timestamp': 'timestamp', 'x-ca-nonce': 'nonce' };
  const headers = [['host', sent.host] as [string, string], ...sent.headers];
  const lines = [
    signs ? 'import base64, hashlib, hmac, os, time, uuid' : 'import os',
    'from http.client import HTTPConnection, HTTPSConnection',
    'from urllib.parse import urlsplit',
    '',
    `headers = {${headers.map(([name, value]) => `${text(name)}: ${text(value)}`).join(', ')}}`,
  ];
  if (sent.auth === 'APPCODE') lines.push('headers["authorization"] = "APPCODE " + os.environ["APP_CODE"]');
  if (signs) {
    lines.push(
      'key, timestamp, nonce = os.environ["APP_KEY"], str(int(time.time() * 1000)), str(uuid.uuid4())',
      `signed = "\\n".join([${signedLines(sent, names, '+').join(', ')}])`,
      `made = hmac.new(os.environ["APP_SECRET"].encode(), signed.encode(), hashlib.${digest(sent)}).digest()`,
      'headers |= {"x-ca-key": key, "x-ca-timestamp": timestamp, "x-ca-nonce": nonce}',
      'headers["x-ca-signature"] = base64.b64encode(made).decode()',
    );
  }
  return [
    ...lines,
    `gateway = urlsplit(os.environ.get("GATEWAY", ${text(`http://${sent.host}`)}))`,
    'connection = (HTTPSConnection if gateway.scheme == "https" else HTTPConnection)(gateway.netloc)',
    `connection.request(${text(sent.method)}, ${text(sent.path)}, ${sent.body ? `${text(sent.body)}.encode()` : 'None'}, headers)`,
    'answer = connection.getresponse()',
    'print(answer.status, answer.read().decode())',
    '',
  ].join('\n');
}

function node(sent: Sent): string {
  const names = { 'x-ca-key': 'APP_KEY', 'x-ca-timestamp': 'timestamp', 'x-ca-nonce': 'nonce' };
  const headers = [['host', sent.host] as [string, string], ...sent.headers];
  const lines = [
    "const { createHmac, randomUUID } = require('node:crypto');",
    "const { request } = require('node:http');",
    'const { APP_CODE, APP_KEY, APP_SECRET, GATEWAY } = process.env;',
    '',
    `const headers = { ${headers.map(([name, value]) => `${text(name)}: ${text(value)}`).join(', ')} };`,
  ];
  if (sent.auth === 'APPCODE') lines.push('headers.authorization = "APPCODE " + APP_CODE;');
  if (sent.auth === 'APPKEY') {
    lines.push(
      'const timestamp = String(Date.now());',
      'const nonce = randomUUID();',
      `const signed = [${signedLines(sent, names, '+').join(', ')}].join("\\n");`,
      `const signature = createHmac('${digest(sent)}', APP_SECRET).update(signed).digest('base64');`,
      "Object.assign(headers, { 'x-ca-key': APP_KEY, 'x-ca-timestamp': timestamp, 'x-ca-nonce': nonce, 'x-ca-signature': signature });",
    );
  }
  return [
    ...lines,
    `const sent = request((GATEWAY ?? ${text(`http://${sent.host}`)}) + ${text(sent.path)}, { method: ${text(sent.method)}, headers }, (answer) => {`,
    '  console.log(answer.statusCode);',
    '  answer.pipe(process.stdout);',
    '});',
    sent.body ? `sent.end(${text(sent.body)});` : 'sent.end();',
    '',
  ].join('\n');
}

function java(sent: Sent): string {
  const names = { 'x-ca-key': 'key', 'x-ca-timestamp': 'timestamp', 'x-ca-nonce': 'nonce' };
  const body = sent.body
    ? `HttpRequest.BodyPublishers.ofString(${text(sent.body)})`
    : 'HttpRequest.BodyPublishers.noBody()';
  const lines = [
    'import java.net.URI;',
    'import java.net.http.*;',
    'import java.util.*;',
    'import javax.crypto.Mac;',
    'import javax.crypto.spec.SecretKeySpec;',
    '',
    'public class Call {',
    '    public static void main(String[] arguments) throws Exception {',
    '        System.setProperty("jdk.httpclient.allowRestrictedHeaders", "host");',
    '        Map<String, String> env = System.getenv();',
    `        String gateway = env.getOrDefault("GATEWAY", ${text(`http://${sent.host}`)});`,
    `        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(gateway + ${text(sent.path)}));`,
    `        request.version(HttpClient.Version.HTTP_1_1).method(${text(sent.method)}, ${body});`,
    ...[['host', sent.host] as [string, string], ...sent.headers].map(
      ([name, value]) => `        request.header(${text(name)}, ${text(value)});`,
    ),
  ];
  if (sent.auth === 'APPCODE') lines.push('        request.header("authorization", "APPCODE " + env.get("APP_CODE"));');
  if (sent.auth === 'APPKEY') {
    const mac = isSha1(sent) ? 'HmacSHA1' : 'HmacSHA256';
    lines.push(
      '        String key = env.get("APP_KEY"), nonce = UUID.randomUUID().toString();',
      '        String timestamp = String.valueOf(System.currentTimeMillis());',
      `        String signed = String.join("\\n", ${signedLines(sent, names, '+').join(', ')});`,
      `        Mac mac = Mac.getInstance("${mac}");`,
      `        mac.init(new SecretKeySpec(env.get("APP_SECRET").getBytes("UTF-8"), "${mac}"));`,
      '        String signature = Base64.getEncoder().encodeToString(mac.doFinal(signed.getBytes("UTF-8")));',
      '        request.header("x-ca-key", key).header("x-ca-timestamp", timestamp).header("x-ca-nonce", nonce);',
      '        request.header("x-ca-signature", signature);',
    );
  }
  return [
    ...lines,
    '        HttpResponse<String> answer = HttpClient.newHttpClient().send(request.build(), HttpResponse.BodyHandlers.ofString());',
    '        System.out.println(answer.statusCode() + " " + answer.body());',
    '    }',
    '}',
    '',
  ].join('\n');
}

function go(sent: Sent): string {
  const names = { 'x-ca-key': 'key', 'x-ca-timestamp': 'timestamp', 'x-ca-nonce': 'nonce' };
  const signs = sent.auth === 'APPKEY';
  const packages = ['fmt', 'io', 'net/http', 'os', 'strings'];
  if (signs)
    packages.push(
      'crypto/hmac',
      'crypto/rand',
      isSha1(sent) ? 'crypto/sha1' : 'crypto/sha256',
      'encoding/base64',
      'time',
    );
  const lines = [
    'package main',
    '',
    'import (',
    ...packages.sort().map((name) => `\t"${name}"`),
    ')',
    '',
    'func main() {',
    '\tgateway := os.Getenv("GATEWAY")',
    '\tif gateway == "" {',
    `\t\tgateway = ${text(`http://${sent.host}`)}`,
    '\t}',
    `\trequest, err := http.NewRequest(${text(sent.method)}, gateway+${text(sent.path)}, strings.NewReader(${text(sent.body)}))`,
    '\tif err != nil {',
    '\t\tpanic(err)',
    '\t}',
    `\trequest.Host = ${text(sent.host)}`,
    ...sent.headers.map(([name, value]) => `\trequest.Header.Set(${text(name)}, ${text(value)})`),
  ];
  if (sent.auth === 'APPCODE') lines.push('\trequest.Header.Set("authorization", "APPCODE "+os.Getenv("APP_CODE"))');
  if (signs) {
    lines.push(
      '\traw := make([]byte, 16)',
      '\trand.Read(raw)',
      '\tkey, nonce := os.Getenv("APP_KEY"), fmt.Sprintf("%x", raw)',
      '\ttimestamp := fmt.Sprint(time.Now().UnixMilli())',
      `\tsigned := strings.Join([]string{${signedLines(sent, names, '+').join(', ')}}, "\\n")`,
      `\tmac := hmac.New(${digest(sent)}.New, []byte(os.Getenv("APP_SECRET")))`,
      '\tmac.Write([]byte(signed))',
      '\trequest.Header.Set("x-ca-key", key)',
      '\trequest.Header.Set("x-ca-timestamp", timestamp)',
      '\trequest.Header.Set("x-ca-nonce", nonce)',
      '\trequest.Header.Set("x-ca-signature", base64.StdEncoding.EncodeToString(mac.Sum(nil)))',
    );
  }
  return [
    ...lines,
    '\tanswer, err := http.DefaultClient.Do(request)',
    '\tif err != nil {',
    '\t\tpanic(err)',
    '\t}',
    '\tdefer answer.Body.Close()',
    '\tbody, _ := io.ReadAll(answer.Body)',
    '\tfmt.Println(answer.StatusCode, string(body))',
    '}',
    '',
  ].join('\n');
}
