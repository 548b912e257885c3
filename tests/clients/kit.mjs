// fhir-kit-client through its everyday calls; one JSON line of what it saw.
import { Client } from 'fhir-kit-client';

const [baseUrl, token, body] = process.argv.slice(2);
const client = new Client({ baseUrl });
const configuration = await client.smartAuthMetadata();
client.bearerToken = token;

const created = await client.create({ resourceType: 'ServiceRequest', body: JSON.parse(body) });
const read = await client.read({ resourceType: 'ServiceRequest', id: created.id });
const version = await client.vread({ resourceType: 'ServiceRequest', id: created.id, version: '1' });
const history = await client.request(`ServiceRequest/${created.id}/_history`);

const tasks = [];
let page = await client.search({ resourceType: 'Task', searchParams: { _count: '1' }, options: { postSearch: true } });
while (page) {
  tasks.push(...(page.entry ?? []).map((entry) => entry.resource.id));
  page = await client.nextPage({ bundle: page });
}

const statusOf = async (asked) => asked.then(() => 200, (error) => error.response?.status ?? error.statusCode ?? String(error));
const answered = await client.operation({ name: 'submit', resourceType: 'ServiceRequest', input: JSON.parse(body) });
const seen = {
  tokenUrl: String(configuration.tokenUrl),
  created: created.id,
  read: read.id,
  version: version.meta.versionId,
  history: history.total,
  tasks,
  again: answered.resourceType,
  absent: await statusOf(client.read({ resourceType: 'Task', id: 'nothing' })),
  stale: await statusOf(
    client.update({
      resourceType: 'ServiceRequest',
      id: created.id,
      body: { ...JSON.parse(body), id: created.id, priority: 'urgent' },
      options: { headers: { 'If-Match': 'W/"99"' } },
    }),
  ),
  nobody: await statusOf(new Client({ baseUrl }).read({ resourceType: 'Task', id: 'nothing' })),
};
console.log(JSON.stringify(seen));
