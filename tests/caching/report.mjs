// Runs the cases, and compares what they say with results.tsv: the case, what it says, and why it is so if it does not pass.
import fs from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

const [cases, base, file, write] = process.argv.slice(2)
const load = name => import(pathToFileURL(path.join(cases, name)))
const { runTests, getResults } = await load('test-engine/client/runner.mjs')
const { determineTestResult, resultTypes } = await load('test-engine/lib/results.mjs')
const suites = (await load('tests/index.mjs')).default

await runTests(suites, false, base)
const results = getResults()
const nameOf = result => Object.keys(resultTypes).find(name => resultTypes[name] === result)
const now = suites.flatMap(suite => suite.tests.filter(test => test.id in results).map(test => ({
  suite: suite.id, id: test.id, kind: test.kind ?? 'required', result: nameOf(determineTestResult(suites, test.id, results)), said: results[test.id][1] ?? ''
})))

const known = new Map(fs.existsSync(file)
  ? fs.readFileSync(file, 'utf8').split('\n').filter(line => line && !line.startsWith('#')).map(line => line.split('\t')).map(([id, , result, reason]) => [id, { result, reason }])
  : [])
const differing = now.filter(test => known.get(test.id)?.result !== test.result)
for (const test of differing) console.log(`${test.id} (${test.suite}, ${test.kind}): ${test.result}, not ${known.get(test.id)?.result ?? 'known'}. ${test.said}`)

if (write === '--write') {
  const lines = now.map(test => [test.id, test.kind, test.result, known.get(test.id)?.result === test.result ? known.get(test.id).reason ?? '' : ''].join('\t').trimEnd())
  fs.writeFileSync(file, '# case\tkind\tresult\twhy\n' + lines.join('\n') + '\n')
}

const counts = [...new Set(now.map(test => `${test.kind} ${test.result}`))].map(name => `${now.filter(test => `${test.kind} ${test.result}` === name).length} ${name}`)
console.log(`${now.length} cases: ${counts.sort().join(', ')}; ${differing.length} differ`)
process.exit(differing.length === 0 ? 0 : 1)
