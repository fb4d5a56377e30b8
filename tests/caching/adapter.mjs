// Stands on both sides of KvStore while the public test cases of HTTP caches run, because these test a proxy: they
// address resources by URL, and have the origin answer by the number of the request, which a proxy would forward in a header.
//
//   client -> /test/ID  -> KvStore GET /v1/kv/test/ID -> /origin/ID -> the cases' server /test/ID
//   client -> /config/ID, /state/ID                                 -> the cases' server
//
// KvStore stores no headers of its origin but the media type, and has a Cache-Control and an ETag of its own. So that the cases can
// see which answer of the origin is served, its other headers are put back here. What is decided, and Age, is KvStore's.
import http from 'node:http'

const [port, cases, kvstore] = process.argv.slice(2).map(Number)

/** What is known of a resource: the client's request in progress, and the headers of the origin's answer that is stored. */
const resources = new Map()
const resourceOf = name => resources.get(name) ?? resources.set(name, { request: '', stored: {} }).get(name)

function send (port, method, path, headers, body) {
  return new Promise((resolve, reject) => {
    const request = http.request({ host: '127.0.0.1', port, method, path, headers }, response => {
      const chunks = []
      response.on('data', chunk => chunks.push(chunk))
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) }))
      response.on('error', reject)
    })
    request.on('error', reject)
    request.end(body)
  })
}

async function readAll (stream) {
  const chunks = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks)
}

const without = (headers, ...names) => Object.fromEntries(Object.entries(headers).filter(([name]) => !names.includes(name)))

async function ofOrigin (request) {
  const name = decodeURIComponent(request.url.slice('/origin/'.length))
  const resource = resourceOf(name)
  const answer = await send(cases, 'GET', '/test/' + name, { ...without(request.headers, 'host'), 'req-num': resource.request })
  const headers = without(answer.headers, 'connection', 'keep-alive', 'transfer-encoding', 'content-length')
  if (answer.status === 304) resource.stored = { ...resource.stored, ...headers }
  else if (answer.status < 400 || answer.status === 404) resource.stored = headers

  // The settings are for origins that say nothing, and the longest that others may say. Here saying nothing allows nothing.
  const said = [headers['cache-control']].flat().join()
  const added = [!said && !headers.expires && 'max-age=0', !said.includes('stale-while-revalidate') && 'stale-while-revalidate=0'].filter(one => one)
  return { ...answer, headers: { ...headers, 'cache-control': [said, ...added].filter(one => one).join(', ') } }
}

async function ofClient (request, body) {
  const name = request.url.slice('/test/'.length)
  const resource = resourceOf(name)
  resource.request = request.headers['req-num']
  const before = resource.stored
  const answer = await send(kvstore, request.method, '/v1/kv/test/' + encodeURIComponent(name), without(request.headers, 'host', 'connection'), body)
  const ofAnswer = answer.status >= 500 ? {} : answer.headers['cache-status']?.includes('; hit') ? before : resource.stored
  const own = Object.fromEntries(['age', 'cache-status', 'content-type'].filter(name => answer.headers[name]).map(name => [name, answer.headers[name]]))
  return { ...answer, headers: { ...without(ofAnswer, 'age', 'date'), ...own } }
}

http.createServer(async (request, response) => {
  try {
    const body = await readAll(request)
    const answer = request.url.startsWith('/origin/') ? await ofOrigin(request)
      : request.url.startsWith('/test/') ? await ofClient(request, body)
        : await send(cases, request.method, request.url, request.headers, body)
    response.writeHead(answer.status, without(answer.headers, 'connection', 'keep-alive', 'transfer-encoding', 'content-length'))
    response.end(answer.body)
  } catch {
    response.socket.destroy()
  }
}).listen(port, '127.0.0.1')
